/**
 * Builds the console into web/dist, where the adapter serves it from. Runs before `npm start` and the tests, and does
 * nothing when what is there is newer than everything it is made of.
 */
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import { build } from 'vite'

const web = fileURLToPath(new URL('../web/', import.meta.url))
const dist = `${web}dist/`

const timeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Written last, so that a build that was broken off does not count. */
const stamp = `${dist}built`

function isUpToDate(): boolean {
  const sources = globSync(
    ['index.html', 'vite.config.ts', 'public/**/*', 'src/**/*', '../package-lock.json'],
    {
      cwd: web,
    },
  )
  const newest = Math.max(...sources.map(name => timeOf(web + name)))
  return timeOf(stamp) > newest
}

/** Beside each file its packed forms: the adapter packs nothing while it answers. */
async function pack(): Promise<void> {
  const files = globSync('**/*.{html,js,css,svg}', { cwd: dist })
  await Promise.all(
    files.map(async name => {
      const content = readFileSync(dist + name)
      writeFileSync(`${dist}${name}.br`, await promisify(brotliCompress)(content))
      writeFileSync(`${dist}${name}.gz`, await promisify(gzip)(content, { level: 9 }))
    }),
  )
}

if (!isUpToDate()) {
  console.error('building the console')
  await build({ configFile: `${web}vite.config.ts`, logLevel: 'warn' })
  await pack()
  writeFileSync(stamp, '')
}
