/** What sst.config.ts asks of the cloud, found out without one: the real platform, under Pulumi's mocks. */
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { banner } from '../build-plugins.ts'
import { chooseFreePort } from './ports.ts'

export interface Noted {
  type: string
  name: string
  // biome-ignore lint/suspicious/noExplicitAny: many kinds, each with fields of its own
  inputs: any
}

export interface Rehearsal {
  noted: Noted[]
  outputs: Record<string, unknown>
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const platform = join(root, '.sst/platform')

/** Without these it looks for other programs, and tells its makers of every command. */
const quiet = {
  SST_SKIP_DEPENDENCY_CHECK: '1',
  NO_BUN: '1',
  SST_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  AWS_EC2_METADATA_DISABLED: 'true',
  SST_STAGE: 'ci',
}

/** Unpacks the platform out of its program in node_modules. Once per checkout and version; it takes a minute. */
export function unpackPlatform(): void {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/sst/package.json'), 'utf8'))
  const isThere =
    existsSync(join(platform, 'node_modules/@pulumi/aws')) &&
    readFileSync(join(platform, 'version'), 'utf8') === version
  if (isThere) return
  execFileSync('sst', ['install'], { cwd: root, env: { ...process.env, ...quiet }, stdio: 'ignore' })
}

/** A bundle of sst.config.ts with the platform, as sst makes one before it hands it to Pulumi. */
export interface Program {
  /**
   * @param env what the operator has chosen; the secrets are given
   * @throws what sst.config.ts or the platform throws
   */
  rehearse(stage: string, env?: Record<string, string>): Promise<Rehearsal>
  remove(): void
}

const secrets = ['MasterSecret', 'EdgeSecret', 'AdminPassword', 'DatabaseUrl', 'RedisUrl']

/**
 * Bundles no functions: `dist` has to be there.
 * @param planted texts in the sources, and what stands there instead
 */
export async function bundleConfig(...planted: [string, string][]): Promise<Program> {
  // Where the platform's packages are found.
  const folder = mkdtempSync(join(platform, 'rehearsal-'))
  const program = join(folder, 'program.mjs')
  await build({
    stdin: {
      contents: `
        import * as aws from '@pulumi/aws'
        import { run } from './src/auto/run.ts'
        import * as sst from './src/components/index.ts'
        import config from '${root}sst.config.ts'
        import { rehearse } from '${root}infra/sst/rehearsal.ts'
        Object.assign(globalThis, { aws, sst })
        await rehearse(config, run)`,
      resolveDir: platform,
      loader: 'ts',
    },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@pulumi/*', '@pulumiverse/*', '@sst-provider/*', '@aws-sdk/*', 'esbuild', 'archiver', 'glob'],
    inject: [join(platform, 'src/shim/run.js')],
    // Some of the platform asks for it before the program begins.
    banner: { js: `globalThis.$app={};${banner}` },
    plugins: [replaceInSources([['bundleAll()', ''], ...planted])],
    logLevel: 'error',
  })
  return {
    async rehearse(stage, env = {}) {
      const server = createServer(answerPlatform)
      server.listen(await chooseFreePort(), '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      try {
        const { stdout } = await promisify(execFile)(process.execPath, [program], {
          cwd: root,
          maxBuffer: 64 * 1024 * 1024,
          env: {
            PATH: process.env.PATH,
            REHEARSED_STAGE: stage,
            REHEARSED_FOLDER: folder,
            SST_SERVER: `http://127.0.0.1:${port}`,
            ...Object.fromEntries(secrets.map(name => [`SST_SECRET_${name}`, `the ${name}`])),
            ...env,
          },
        })
        return JSON.parse(stdout)
      } finally {
        server.closeAllConnections()
        server.close()
      }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** Where the platform asks its own program. */
async function answerPlatform(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, params } = (await json(request)) as { method: string; params: [Record<string, string>] }
  const answers: Record<string, unknown> = {
    'Provider.Aws.Bootstrap': { asset: 'assets', state: 'state' },
    'Runtime.Build': {
      handler: params[0].handler,
      out: join(root, params[0].bundle ?? ''),
      errors: [],
      sourcemaps: [],
    },
  }
  // A connection that is kept may end in the moment in which it is used again.
  response.setHeader('Connection', 'close')
  response.end(JSON.stringify(method in answers ? { result: answers[method] } : { error: `${method}?` }))
}

const replaceInSources = (pairs: [string, string][]): Plugin => ({
  name: 'replace-in-sources',
  setup(build) {
    build.onLoad({ filter: /\/(infra\/.*|sst\.config)\.ts$/ }, async ({ path }) => {
      if (path.includes('/.sst/')) return undefined
      const text = await readFile(path, 'utf8')
      return {
        contents: pairs.reduce((all, [before, after]) => all.replace(before, after), text),
        loader: 'ts',
      }
    })
  },
})
