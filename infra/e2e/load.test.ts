/** Everybody at once: cold logins, a restart, a stop. */
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, nginxLines } from './ask.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { loginPatiently, mapAtOnce, type Outcome, tryLogin } from './mail-user.ts'
import { startProbedGateway } from './probed-gateway.ts'
import { isListening } from './process.ts'
import { seedFolder } from './seed.ts'

/**
 * Two cores do about 25 hashes of the gateway's own cost per second, so a thousand would take most of a minute.
 * Every sixteenth user has such a hash, the others one of the least cost; the way through the gateway is the same.
 */
const everyone = Array.from({ length: 1_000 }, (_, i) => ({
  name: `user${i}@example.com`,
  cost: i % 16 === 0 ? 10 : 4,
}))
const costly = everyone.filter(({ cost }) => cost === 10)

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-load-'))
let greeters: Greeters

beforeAll(async () => {
  greeters = await startGreeters()
  await seedFolder(folder, everyone, greeters.ports)
})
afterAll(() => {
  greeters?.close()
  rmSync(folder, { recursive: true })
})

const countPostponed = (outcomes: Outcome[]) => outcomes.reduce((sum, { postponed }) => sum + postponed, 0)
const secondsSince = (start: number) => ((performance.now() - start) / 1_000).toFixed(1)

test('60 users with 5 cold logins each, all at one moment from one address: everyone gets in at once, and logins share the hash', async () => {
  await using gateway = await startProbedGateway(folder, 'cold')
  const logins = costly.slice(0, 60).flatMap(user => Array.from({ length: 5 }, () => user))
  await gateway.read()
  const start = performance.now()
  const outcomes = await Promise.all(
    logins.map(({ name }) => loginPatiently(gateway.ports.nginx, name, () => 1_000)),
  )
  const { p99Ms, comparisons } = await gateway.read()
  console.log(
    `300 cold logins of 60 users: ${secondsSince(start)} s, ${comparisons} hashes, ` +
      `${countPostponed(outcomes)} temporary failures, event loop p99 ${p99Ms.toFixed(1)} ms`,
  )
  expect(outcomes.filter(({ verdict, postponed }) => verdict !== 'yes' || postponed > 0)).toEqual([])
  expect(comparisons).toBeGreaterThanOrEqual(60)
  // Not 60 sharp: a login that looked its user up just before the proof was stored, and compares just after, hashes again.
  expect(comparisons).toBeLessThanOrEqual(120)
}, 60_000)

test('1,000 users who come back right after a restart all get in', async () => {
  await using gateway = await startProbedGateway(folder, 'restart')
  await gateway.read()
  const start = performance.now()
  const outcomes = await mapAtOnce(everyone, 256, ({ name }) =>
    loginPatiently(gateway.ports.nginx, name, () => randomInt(1_000, 3_000)),
  )
  const { p99Ms, comparisons } = await gateway.read()
  console.log(
    `1,000 users after a restart: ${secondsSince(start)} s, ${comparisons} hashes, ` +
      `${countPostponed(outcomes)} temporary failures, event loop p99 ${p99Ms.toFixed(1)} ms`,
  )
  expect(outcomes).toHaveLength(everyone.length)
  expect(outcomes.filter(({ verdict }) => verdict !== 'yes')).toEqual([])
}, 120_000)

test('a stop answers the 50 logins whose hash is still to come, takes no new ones, and ends well', async () => {
  await using gateway = await startProbedGateway(folder, 'stop')
  const port = gateway.ports.nginx
  const pending = costly.slice(0, 50).map(({ name }) => tryLogin(port, name))
  // Connections are accepted in their order: once this one is answered without a hash, the 50 are in.
  await ask(port, nginxLines({ user: '', password: '', protocol: 'smtp' }, { 'Auth-Method': 'none' }))
  const ended = gateway.stop('SIGTERM')
  await expect.poll(() => isListening(port), { timeout: 10_000 }).toBe(false)
  const verdicts = await Promise.all(pending)
  await ended
  console.log(`stopped: ${verdicts.filter(v => v === 'yes').length} of 50 pending logins got in`)
  expect(verdicts).not.toContain('no')
  expect(verdicts).toContain('yes')
  expect(gateway.exitCode()).toBe(0)
  expect(await isListening(port)).toBe(false)
}, 60_000)
