/**
 * `npm run bench:cold`: what a new instance of each function costs its first caller, from the start of its process to
 * the first answer, beside a handler that does nothing; and what of each bundle is fetched. MariaDB and Redis are there
 * and warm, the password is one that another instance has checked. Other work on the machine falsifies all of it.
 * `-- --spawns 10` for each instead of 40, `--only nginx-auth` beside the empty one.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { buildFunctions } from '../build.ts'
import { nginxLines } from '../e2e/ask.ts'
import { startGreeters } from '../e2e/greeter.ts'
import { startMariadb } from '../e2e/mariadb.ts'
import { startRedis } from '../e2e/redis.ts'
import { seedFolder, seedPassword } from '../e2e/seed.ts'
import { openRuntime } from './cold-runtime.ts'

const { values } = parseArgs({
  options: { spawns: { type: 'string', default: '40' }, only: { type: 'string' } },
})
const spawns = Number(values.spawns)
const most = 2.2
const joe = { user: 'joe@example.com', password: seedPassword }
const empty = 'an empty handler'
const edgeSecret = randomUUID()

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-cold-'))
await using started = new AsyncDisposableStack()
started.defer(() => rmSync(folder, { recursive: true }))
const greeters = await startGreeters()
started.defer(() => greeters.close())
const mariadb = started.use(await startMariadb(join(folder, 'mariadb')))
const redis = started.use(await startRedis(join(folder, 'redis')))
const settings = {
  DATABASE_URL: await mariadb.createDatabase('cold'),
  REDIS_URL: redis.url,
  MAILGATEWAY_SECRET_KEY: 'a master secret for cold starts alone',
  MAILGATEWAY_DATA_DIR: join(folder, 'data'),
  AWS_LAMBDA_FUNCTION_NAME: 'cold',
  MAILGATEWAY_EDGE_AUTH: 'secret',
  MAILGATEWAY_EDGE_SECRET: edgeSecret,
}
await seedFolder(folder, [{ name: joe.user, cost: 10 }], greeters.ports, settings)

const bundles = await buildFunctions(join(folder, 'dist'))
const nothing = join(folder, 'nothing.mjs')
writeFileSync(nothing, "export const handler = async () => ({ statusCode: 200, headers: {}, body: '' })\n")
const wanted = Object.entries(bundles).filter(([name]) => [name, undefined].includes(values.only))
const entries: Record<string, string> = { [empty]: nothing, ...Object.fromEntries(wanted) }

// As JavaScript: the real runtime is no TypeScript that has to be stripped first.
const loop = join(folder, 'loop.mjs')
await build({ entryPoints: ['infra/e2e/runtime-loop.ts'], outfile: loop, format: 'esm', platform: 'node' })
const runtime = await openRuntime(loop, settings)
started.defer(() => runtime.close())

let asked = 0
const eventOf = (name: string) => {
  // Each from a network of its own: the admin plane has limits per network.
  const sourceIp = `10.${(++asked >> 8) & 255}.${asked & 255}.1`
  const path = name === 'nginx-auth' ? '/api/auth' : '/api/nothing'
  const headers =
    name === 'nginx-auth' ? { ...Object.fromEntries(nginxLines(joe)), 'x-auth-key': edgeSecret } : {}
  const http = { method: 'GET', path, sourceIp }
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'gateway.example', ...headers },
    requestContext: { domainName: 'gateway.example', http },
    isBase64Encoded: false,
  }
}

/** @throws when the answer is not the expected one */
function check(name: string, result: unknown): void {
  const { statusCode, headers } = (result ?? {}) as { statusCode?: number; headers?: Record<string, string> }
  const lower = Object.fromEntries(
    Object.entries(headers ?? {}).map(([key, text]) => [key.toLowerCase(), text]),
  )
  const isRight =
    name === 'nginx-auth'
      ? lower['auth-status'] === 'OK'
      : name === 'tick' || statusCode === (name === empty ? 200 : 404)
  if (!isRight) throw new Error(`${name} answered ${JSON.stringify(result)}`)
}

/** @returns milliseconds to the first answer, of each of `more` that follow, and of processor up to the first */
async function run(name: string, more = 0): Promise<{ times: number[]; cpu: number }> {
  const times: number[] = []
  let cpu = 0
  let since = performance.now()
  const instance = runtime.start(entries[name]!)
  for (let i = 0; i <= more; i++) {
    check(name, await instance.ask(eventOf(name)))
    times.push(performance.now() - since)
    cpu ||= instance.cpu()
    since = performance.now()
  }
  await instance.end()
  return { times, cpu }
}

const times = Object.fromEntries(Object.keys(entries).map(name => [name, [] as number[]]))
const cpus = Object.fromEntries(Object.keys(entries).map(name => [name, [] as number[]]))
// tick brings the schema; the password is remembered from then on.
for (const name of Object.keys(entries)) await run(name)
for (let i = 0; i < spawns; i++) {
  // In turn, so that whatever else the machine does falls on all.
  for (const name of Object.keys(entries)) {
    const first = await run(name)
    times[name]!.push(first.times[0]!)
    cpus[name]!.push(first.cpu)
  }
}
const middle = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!
const warm =
  middle((await run('nginx-auth', 500)).times.slice(100)) - middle((await run(empty, 500)).times.slice(100))

const at = (name: string, share: number) =>
  times[name]!.toSorted((a, b) => a - b)[Math.floor(spawns * share)]!
const kilo = (bytes: number) => `${(bytes / 1_000).toFixed(0)} kB`.padStart(8)
const figures = Object.keys(entries).map(name => {
  const code = readFileSync(entries[name]!)
  const ratio = at(name, 0.5) / at(empty, 0.5)
  return {
    name,
    bytes: code.length,
    gz: gzipSync(code, { level: 9 }).length,
    p50: at(name, 0.5),
    p90: at(name, 0.9),
    cpu: middle(cpus[name]!),
    cpuRatio: middle(cpus[name]!) / middle(cpus[empty]!),
    ratio,
  }
})
console.log(
  `${'spawn to first answer'.padEnd(22)}    p50     p90  × empty      cpu  × empty     code       gz`,
)
for (const { name, bytes, gz, p50, p90, ratio, cpu, cpuRatio } of figures) {
  const ms = [p50, p90].map(each => `${each.toFixed(0)} ms`.padStart(7)).join(' ')
  console.log(
    `${name.padEnd(22)} ${ms} ${ratio.toFixed(2).padStart(7)}  ${cpu.toFixed(0).padStart(4)} ms ${cpuRatio.toFixed(2).padStart(8)} ${kilo(bytes)} ${kilo(gz)}`,
  )
}
console.log(`a warm login takes ${warm.toFixed(1)} ms of nginx-auth, beside stores on the same machine`)
const { ratio } = figures.find(({ name }) => name === 'nginx-auth')!
console.log(`nginx-auth takes ${ratio.toFixed(2)} times the empty handler; at most ${most} is the aim`)
process.exitCode = ratio <= most ? 0 : 1
