/**
 * `npm run bench:console`: when the console paints first, and how much script that takes, with nothing in the browser's
 * cache. Writes the figures to bench-console.json too.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { table } from '../cli/output.ts'
import { ask, nginxLines } from '../e2e/ask.ts'
import { startBrowser } from '../e2e/browser.ts'
import { startGateway } from '../e2e/gateway.ts'
import { type Opening, openCold } from './paint.ts'

const turns = 5
const password = 'correct horse battery staple'
const settings = { MAILGATEWAY_ADMIN_PASSWORD: password, MAILGATEWAY_SERVER_RATE_LIMIT: '100000' }

const pages = [
  { path: '/sign-in', shown: 'form', signedIn: false },
  { path: '/', shown: 'canvas', signedIn: true },
  { path: '/mailboxes', shown: 'text=joe@example.org', signedIn: true },
]
const machines = [
  { machine: 'desktop', slowdown: 1 },
  { machine: 'a fourth of its speed', slowdown: 4 },
]

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-bench-'))
await using stack = new AsyncDisposableStack()
stack.defer(() => rmSync(folder, { recursive: true }))
const gateway = stack.use(await startGateway(folder, { settings }))
await gateway.mustCli(['user', 'add', 'joe@example.org', '--password-stdin'], 'a password of Joe')
await gateway.mustCli(['backend', 'add', '--protocol', 'imap', '--host', '127.0.0.1', '--port', '9'])
await ask(gateway.ports.nginx, nginxLines({ user: 'joe@example.org', password: 'not this one' }))
const browser = await startBrowser()
stack.defer(() => browser.close())
const base = `http://127.0.0.1:${gateway.ports.admin}`

/** The cookie alone: nothing of the console is fetched by it. */
async function signIn(context: BrowserContext): Promise<void> {
  const answer = await context.request.post('/login', { data: { username: 'admin', password } })
  if (!answer.ok()) throw new Error(`sign-in: ${answer.status()}`)
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const figures = []
for (const { path, shown, signedIn } of pages)
  for (const { machine, slowdown } of machines) {
    const options = { base, path, shown, slowdown, ...(signedIn && { prepare: signIn }) }
    const found: Opening[] = []
    // The first one warms the gateway up.
    for (let turn = 0; turn <= turns; turn++) found.push(await openCold(browser, options))
    const of = (name: keyof Opening) => median(found.slice(1).map(opening => opening[name]))
    figures.push({
      path,
      machine,
      firstPaint: of('firstPaint'),
      largestPaint: of('largestPaint'),
      scripts: of('scripts'),
      files: of('files'),
    })
  }
writeFileSync('bench-console.json', `${JSON.stringify({ turns, figures }, null, 2)}\n`)
const rows = figures.map(({ path, machine, firstPaint, largestPaint, scripts, files }) => [
  path,
  machine,
  `${firstPaint.toFixed(0)} ms`,
  `${largestPaint.toFixed(0)} ms`,
  `${(scripts / 1024).toFixed(0)} KiB`,
  String(files),
])
console.log(table(['PAGE', 'MACHINE', 'FIRST PAINT', 'LARGEST PAINT', 'SCRIPT, GZIP', 'FILES'], rows, ''))
