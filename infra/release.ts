/**
 * Makes what is installed where there is no npm: `mailgateway_<version>_<os>_<arch>.tar.gz` in dist/release, or in the
 * folder that is named. This is the only place that says what ships; the container's image is this archive, unpacked.
 *   npm run release [-- FOLDER]
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describeConfig, loadConfig } from '../lib/runtime/config.ts'
import packageJson from '../package.json' with { type: 'json' }
import lock from '../package-lock.json' with { type: 'json' }

const root = fileURLToPath(new URL('..', import.meta.url))
const name = `mailgateway_${packageJson.version}_${process.platform}_${process.arch}`

/** The command, and the threads that it starts from files of their own. Whatever these import ships, and nothing else. */
const entries = ['infra/cli/mailgateway.js', 'lib/runtime/hash-worker.ts', 'lib/database/sqlite-worker.ts']

/** What is read and not imported. */
const files = ['conf', 'web/dist', 'LICENSE', 'README.md', 'README.zh-CN.md']

/** Of packages: types, and what a compiler would need. */
const unused = /\.(d\.[cm]?ts|map)$|better-sqlite3\/(src|deps|binding\.gyp)/

/** Ready-made parts for one kind of machine, as `linux-x64.node` and, for Alpine, `linuxmusl-x64.node`. */
const machine = /\/prebuilds\/([a-z\d]+)-([a-z\d]+)\.node$/

/** It follows its own link, so that it can be linked into a folder of PATH. `npm start` gives node the same option. */
const command = `#!/bin/sh
file=$0
[ ! -h "$file" ] || file=$(readlink -f "$file")
exec node --max-semi-space-size=64 "\${file%/*}/../infra/cli/mailgateway.js" "$@"
`

/** @throws Error when shipped code imports a package that is there for development only */
async function findSources(): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: 'dist',
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
  for (const [file, { imports }] of Object.entries(metafile.inputs)) {
    for (const { path, external } of imports) {
      const [, owner] = /^((?:@[^/]+\/)?[^/]+)/.exec(path) ?? []
      if (!external || path.startsWith('node:') || Object.hasOwn(packageJson.dependencies, owner ?? ''))
        continue
      throw new Error(`${file} imports ${path}, which is not among the dependencies of package.json`)
    }
  }
  return Object.keys(metafile.inputs).filter(file => file !== 'package.json')
}

/** As `npm ci --omit=dev` would install them. */
const findPackages = () =>
  Object.entries(lock.packages)
    .filter(([path, about]) => path !== '' && !('dev' in about))
    .map(([path]) => path)

function isUsed(file: string): boolean {
  const [, os, arch] = machine.exec(file) ?? []
  const fits = os === undefined || (os.replace('musl', '') === process.platform && arch === process.arch)
  return fits && !unused.test(file)
}

/** Other files beside these two are somebody's own settings. */
const isOfEverybody = (file: string) =>
  !/\/conf\/(?!config\.yaml$|mailgateway\.service$)[^/]+\.\w+$/.test(file)

/** Whoever edits the file of a checkout keeps secrets in it. @throws Error when it says anything but the defaults */
function refuseOwnSettings(): void {
  const read = (env: NodeJS.ProcessEnv) => describeConfig(loadConfig({ env, cwd: root }))
  const byDefault = read({ MAILGATEWAY_CONFIG: '/dev/null' })
  const changed = read({}).find(({ key, value }, i) => key.includes('.') && value !== byDefault[i]?.value)
  if (changed === undefined) return
  throw new Error(
    `${changed.key} in conf/config.yaml is yours, and a release is for everybody: keep your settings in another file (MAILGATEWAY_CONFIG)`,
  )
}

async function fill(folder: string): Promise<void> {
  const copy = (path: string, filter?: (file: string) => boolean) =>
    cpSync(join(root, path), join(folder, path), { recursive: true, filter })
  for (const path of [...(await findSources()), ...files]) copy(path, isOfEverybody)
  for (const path of findPackages()) copy(path, isUsed)
  const { version, description, license, type, engines, dependencies } = packageJson
  const about = {
    name: 'mailgateway',
    version,
    description,
    license,
    private: true,
    type,
    engines,
    dependencies,
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(about, null, 2)}\n`)
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/mailgateway'), command, { mode: 0o755 })
}

/** The same content gives the same bytes: nothing in it is of the maker's account, time or umask. */
const sameBytes = [
  '--format=gnu',
  '--sort=name',
  '--mtime=2000-01-01T00:00:00Z',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--mode=u=rwX,go=rX',
]

const outDir = resolve(process.env.INIT_CWD ?? process.cwd(), process.argv[2] ?? join(root, 'dist/release'))
refuseOwnSettings()
mkdirSync(outDir, { recursive: true })
const work = mkdtempSync(join(outDir, 'work-'))
try {
  mkdirSync(join(work, name))
  await fill(join(work, name))
  const archive = join(outDir, `${name}.tar.gz`)
  execFileSync('tar', [...sameBytes, '-czf', archive, '-C', work, name], { stdio: 'inherit' })
  process.stdout.write(`${archive}\n`)
} finally {
  rmSync(work, { recursive: true })
}
