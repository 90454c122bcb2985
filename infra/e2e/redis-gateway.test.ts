/** A gateway process with Redis: what people are told while it is away, and afterwards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ask, nginxLines } from './ask.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { answers } from './guarded.ts'
import { type RedisServer, startRedis } from './redis.ts'

const user = 'joe@example.org'
const password = 'the first of joe'

let folder: string
let redis: RedisServer
let gateway: Gateway

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-redis-'))
  redis = await startRedis(join(folder, 'redis'))
  gateway = await startGateway(join(folder, 'data'), { settings: { REDIS_URL: redis.url } })
  await gateway.do('user add', { name: user, password })
})
afterAll(async () => {
  await gateway.stop()
  await redis.stop()
  rmSync(folder, { recursive: true })
})

const status = async () =>
  (await ask(gateway.ports.nginx, nginxLines({ user, password }))).headers['auth-status']
const ready = async () => {
  const response = await fetch(`http://127.0.0.1:${gateway.ports.admin}/readyz`)
  return { status: response.status, body: (await response.json()) as { reason?: string } }
}
const findings = async () => {
  const { json } = await gateway.cli(['doctor', '--json'])
  return (json as { subject: string; level: string; found: string }[]).filter(
    ({ subject }) => subject === 'redis',
  )
}
const lastReason = async () => (await gateway.do('log search', { limit: 1 })).items[0]!.reason

test('the doctor tells of the server, its policy and its speed', async () => {
  expect(await findings()).toEqual([
    {
      subject: 'redis',
      level: 'ok',
      found: expect.stringMatching(/^Redis \d.* answers in \d+\.\d ms$/),
      advice: '',
    },
    { subject: 'redis', level: 'ok', found: 'it drops nothing before its time', advice: '' },
  ])
  await redis.command(['config', 'set', 'maxmemory', '50mb'])
  await redis.command(['config', 'set', 'maxmemory-policy', 'allkeys-lru'])
  expect((await findings())[1]).toMatchObject({ level: 'fail', found: expect.stringContaining('noeviction') })
  await redis.command(['config', 'set', 'maxmemory', '0'])
})

test('while it is away readiness, log, doctor and commands say so; a command is done all the same', async () => {
  await redis.stop('SIGKILL')
  await vi.waitFor(async () => expect(await status()).toBe(answers.later), 20_000)
  expect(await ready()).toMatchObject({
    status: 503,
    body: { reason: expect.stringMatching(/^Redis is away: /) },
  })
  expect(await lastReason()).toBe('hot_state_away')
  expect(await findings()).toMatchObject([{ level: 'fail', found: expect.stringContaining('ECONNREFUSED') }])
  const disabled = await gateway.mustCli(['user', 'disable', user])
  expect(disabled.stderr).toContain('every node forgets all that it remembers instead')
  redis = await startRedis(redis.folder, redis.port)
  await vi.waitFor(async () => expect((await ready()).status).toBe(200), { timeout: 10_000 })
  expect(await status()).toBe(answers.wrong)
  const enabled = await gateway.mustCli(['user', 'enable', user])
  expect(enabled.stderr).toBe('')
})

test('its metrics count calls, lists and failures', async () => {
  const text = await (await fetch(`http://127.0.0.1:${gateway.ports.nginx}/metrics`)).text()
  expect(text).toMatch(/^mailgateway_hot_state_call_duration_seconds_count [1-9]/m)
  expect(text).toMatch(/^mailgateway_hot_state_batch_lists_sum [1-9]/m)
  expect(text).toMatch(/^mailgateway_hot_state_failures_total \d/m)
})
