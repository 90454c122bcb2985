/** Mail clients through nginx, a gateway of two processes, and a second gateway where somebody changes settings. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useImap } from './clients.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Rig, startRig } from './rig.ts'
import { openShared } from './shared.ts'

const joe = { name: 'joe@example.com', password: 'correct horse battery' }

let folder: string
let rig: Rig
let other: Gateway

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mg-'))
  const { settings } = await openShared()
  rig = await startRig({ settings: { ...settings, MAILGATEWAY_SERVER_WORKERS: '2' } })
  other = await startGateway(join(folder, 'other'), { settings })
  await rig.addMailbox(joe)
})
afterAll(async () => {
  await other?.stop()
  await rig?.stop()
  rmSync(folder, { recursive: true })
})

const login = async (user = joe.name) => {
  const { certificate } = rig.nginx
  const outcome = await useImap({
    port: rig.port(993),
    tls: 'implicit',
    certificate,
    user,
    password: joe.password,
  })
  return outcome.ok
}
/** So many that each of the two processes has some. */
const many = (user?: string) => Promise.all(Array.from({ length: 12 }, () => login(user)))
const change = async (...args: string[]) => (await other.mustCli(['setting', ...args, '--json'])).json

test('what is set on one gateway decides about the next logins on all processes of the other', async () => {
  expect(new Set(await many())).toEqual(new Set([true]))
  expect(await login('joe')).toBe(false)
  expect(await change('set', 'auth.default_domain', 'example.com')).toMatchObject({ value: 'example.com' })
  expect(new Set(await many('joe'))).toEqual(new Set([true]))
  expect(await change('unset', 'auth.default_domain')).toMatchObject({ value: '', version: 0 })
  expect(await login('joe')).toBe(false)
}, 60_000)

test('the log of all processes, their primary among them, has the level that was set', async () => {
  expect(rig.gateway.output()).not.toContain('"level":20')
  await change('set', 'log.level', 'error')
  await expect
    .poll(
      async () => {
        const before = rig.gateway.output().length
        await many()
        return rig.gateway.output().slice(before)
      },
      { timeout: 20_000 },
    )
    .toBe('')
  await change('unset', 'log.level')
}, 60_000)

test('refusals say what to do, and exit with 1', async () => {
  const refused = async (...args: string[]) => {
    const { code, stderr } = await other.cli(['setting', ...args])
    return [code, stderr]
  }
  expect(await refused('set', 'auth.fail_ttl', 'soon')).toEqual([
    1,
    expect.stringContaining('write 60s, 5m or 24h'),
  ])
  expect(await refused('set', 'server.port', '1')).toEqual([1, expect.stringContaining('start anew')])
  expect(await refused('set', 'redis.prefix')).toEqual([1, expect.stringContaining('--value-stdin')])
  expect(await refused('get', 'none')).toEqual([1, expect.stringContaining('no such setting')])
  const { stdout } = await other.mustCli(['setting', 'list', 'auth'])
  expect(stdout).toMatch(/^SETTING +VALUE +SOURCE\nauth\.max_fail_attempts +5 +/)
})
