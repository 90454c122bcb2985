/**
 * `npm run shots`: a picture of every page, drawer and dialogue, in both languages, light and dark, wide and narrow, into
 * `shots/`, and a list of what a program can see to be wrong. `-- --only REGEX --looks REGEX` for some of them,
 * `--together N` for so many looks at a time.
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { showProgress } from './cli/progress-bar.ts'
import { startBrowser } from './e2e/browser.ts'
import { type Look, looks } from './shots/looks.ts'
import { scenes } from './shots/scenes.ts'
import { shootAll, type Tour } from './shots/tour.ts'
import { shootTroubles } from './shots/troubles.ts'
import { startWorld } from './shots/world.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    looks: { type: 'string', default: '' },
    mailboxes: { type: 'string', default: '5000' },
    together: { type: 'string', default: '1' },
    attempts: { type: 'string', default: '100000' },
  },
})
const folder = fileURLToPath(new URL('../shots/', import.meta.url))
const only = new RegExp(values.only)
const wanted = scenes.filter(({ name }) => only.test(name))
const wantedLooks = looks.filter(({ name }) => new RegExp(values.looks).test(name))
const progress = showProgress()
const list = join(folder, 'faults.txt')
let [done, faults] = [0, 0]

const size = { mailboxes: Number(values.mailboxes), attempts: Number(values.attempts) }
await using started = new AsyncDisposableStack()
const world = started.use(await startWorld(size, text => progress.show(null, text)))
const browser = started.use(await startBrowser())
if (values.only === '') rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
writeFileSync(list, '')
const tour: Tour = { browser, world, folder, note }
const waiting = wantedLooks.values()
const shootWaiting = async () => {
  for (const look of waiting) await shootAll(tour, wanted, look)
}
await Promise.all(Array.from({ length: Number(values.together) }, shootWaiting))
if (only.test('trouble')) await shootTroubles(tour, wantedLooks)
progress.end()
process.stdout.write(`${done} pictures in ${folder}, ${faults} faults in faults.txt there\n`)

function note(look: Look, name: string, found: string[]): void {
  done += 1
  faults += found.length
  // At once: who breaks it off wants to know what was found.
  for (const fault of found) appendFileSync(list, `${name} ${look.name}: ${fault}\n`)
  const share = done / (wanted.length * wantedLooks.length)
  progress.show(share, `${done} pictures, ${faults} faults; ${look.name} ${name}`)
}
