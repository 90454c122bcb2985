/**
 * `npm run bench`: logins beside two constant answers, in one run, as ratios: of the embedded default, or with
 * `-- --sql mysql --state redis [--workers 2]` of a gateway on servers of its own. Writes the figures to bench.json too.
 * Other work on the machine falsifies all of it.
 */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { ask } from '../e2e/ask.ts'
import { mapAtOnce } from '../e2e/mail-user.ts'
import { type Usage, withUsage } from './usage.ts'
import { buildWorld, type World } from './world.ts'
import { findWrk, type Measurement, measure } from './wrk.ts'

interface Run extends Measurement, Usage {
  inFlight: number
  what: string
}

const seconds = 4
const rounds = 2
const runs: Run[] = []
const ratios: Record<string, number> = {}

const { values } = parseArgs({
  options: {
    sql: { type: 'string', default: 'sqlite' },
    state: { type: 'string', default: 'memory' },
    workers: { type: 'string', default: '1' },
  },
})
const stores = z
  .object({
    sql: z.enum(['sqlite', 'mysql']),
    state: z.enum(['memory', 'redis']),
    workers: z.coerce.number().int().min(1).max(8),
  })
  .parse(values)

findWrk()
console.log('preparing 1,264 mailboxes …')
await using world = await buildWorld(stores)
const { gateway, hono, nginx, requests } = world

async function run(
  what: string,
  server: { pid: number; port: number },
  texts: string[],
  inFlight: number,
  time = seconds,
) {
  const [measured, usage] = await withUsage(server.pid, () => measure(server.port, texts, inFlight, time))
  const result = { what, inFlight, ...measured, ...usage }
  runs.push(result)
  console.log(show(result))
  return result
}

const show = ({ what, inFlight, perSecond, p50, p95, p99, cores, megabytes, failed }: Run) =>
  [
    `${inFlight}`.padStart(4),
    what.padEnd(24),
    `${perSecond.toFixed(0)}/s`.padStart(9),
    ...[p50, p95, p99].map(ms => ms.toFixed(1).padStart(8)),
    cores.toFixed(2).padStart(6),
    `${megabytes} MiB`.padStart(8),
    failed ? `  ${failed} failed` : '',
  ].join(' ')

/** Half of each constant answer before and half after, so that a machine that slows down hits both. */
async function compare(server: World['gateway'], inFlight: number) {
  const asked = { pid: server.pid, port: server.ports.nginx }
  const before = await run('constant, Hono', hono, requests.warm, inFlight)
  const warm = await run('warm', asked, requests.warm, inFlight)
  const after = await run('constant, Hono', hono, requests.warm, inFlight)
  return warm.perSecond / ((before.perSecond + after.perSecond) / 2)
}

const port = gateway.ports.nginx
const asked = { pid: gateway.pid, port }
const head = [
  'in flight',
  'what'.padEnd(18),
  'per second',
  '     p50',
  '     p95',
  '  p99 ms',
  ' cores',
  '  memory',
]
console.log('each mailbox logs in once …')
const linesOf = (request: string) =>
  request
    .split('\r\n')
    .slice(2, -2)
    .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const)
for (const kind of ['warm', 'wrong', 'unknown'] as const) {
  await mapAtOnce(requests[kind], 16, request => ask(port, linesOf(request)))
}
console.log(head.join(' '))
for (const inFlight of [1, 16, 64, 256]) {
  const found: number[] = []
  for (let round = 0; round < rounds; round++) found.push(await compare(gateway, inFlight))
  ratios[`warm at ${inFlight}`] = Math.max(...found)
  await run('constant, nginx', nginx, requests.warm, inFlight)
  await run('wrong, known as such', asked, requests.wrong, inFlight)
  await run('unknown, known as such', asked, requests.unknown, inFlight)
}
// Every cold login is one hash, and a hundred last for four seconds; the second hundred goes beside warm logins.
await run('cold', asked, requests.cold.slice(0, 100), 16, 3)
const quiet = await run('warm, quiet', asked, requests.warm, 64)
const hashing = (async () => {
  for (const request of requests.cold.slice(100, 100 + 10 * seconds)) {
    void ask(port, linesOf(request))
    await sleep(100)
  }
})()
const busy = await run('warm, 10 cold/s beside', asked, requests.warm, 64)
await hashing
ratios['p99 at 64 with 10 cold/s, to quiet'] = busy.p99 / quiet.p99

console.log('\nratios')
for (const [name, ratio] of Object.entries(ratios)) console.log(`  ${name}: ${ratio.toFixed(2)}`)
writeFileSync(
  'bench.json',
  `${JSON.stringify({ node: process.version, ...stores, runs, ratios }, null, 2)}\n`,
)
console.log('all figures: bench.json')
