/** What the commands about bans, exceptions and locks take and print. What they do at logins is in infra/e2e/bans.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ask, nginxLines } from '../e2e/ask.ts'
import { type Gateway, startGateway } from '../e2e/gateway.ts'
import { type Greeters, startGreeters } from '../e2e/greeter.ts'

// Each command is a process of its own, which takes a second to start on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const joe = { name: 'joe@example.com', password: 'correct horse battery' }
const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`

let folder: string
let greeters: Greeters
let gateway: Gateway

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-bans-'))
  greeters = await startGreeters()
  gateway = await startGateway(join(folder, 'data'))
  await gateway.addBackends(greeters.ports)
  await gateway.do('user add', joe)
})
afterAll(async () => {
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

const mustCli = async (args: string) => (await gateway.mustCli(args.split(' '))).stdout.trimEnd()
const readJson = async (args: string) => (await gateway.mustCli([...args.split(' '), '--json'])).json
async function statusFor(address: string, password: string): Promise<string | undefined> {
  const lines = nginxLines({ user: joe.name, password }, { 'Client-IP': address })
  return (await ask(gateway.ports.nginx, lines)).headers['auth-status']
}

test('ban: what it prints', async () => {
  const [network, reason] = ['203.0.113.128/25', 'guesses all night']
  const add = ['ban', 'add', '203.0.113.130/25', '--for', '1h', '--reason', reason]
  const { stdout } = await gateway.mustCli(add)
  const [, id] = new RegExp(`^banned ${network} until ${time} \\((\\S+)\\)\n$`).exec(stdout) ?? []
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
  const list = (await mustCli('ban list 203.0.113.131')).split('\n')
  expect(list[0]).toMatch(/^PREFIX +SINCE +END +BY +WHY +ID$/)
  expect(list.slice(1)).toEqual([
    expect.stringMatching(new RegExp(`^${network} +${time} +until ${time} +command line +${reason} +${id}$`)),
  ])
  expect(await mustCli(`ban show ${network}`)).toMatch(/^evidence +none, made by hand$/m)
  expect(await readJson(`ban show ${id}`)).toMatchObject({ id, cidr: network, reason })
  const set = ['ban', 'set', network, '--forever', '--reason', 'guesses again']
  expect((await gateway.mustCli(set)).stdout).toBe(`changed ${network}: for ever, guesses again\n`)
  expect(await readJson('ban list --search AGAIN')).toMatchObject([{ id, ends_at: null }])
  expect(await readJson(`ban remove ${id}`)).toMatchObject([{ id }])
  expect(await mustCli('ban list 203.0.113.131')).toBe('no bans')
  expect(await readJson('ban list 203.0.113.131 --all')).toMatchObject([{ id }])
  expect(await mustCli('ban add 2001:db8::/32 --forever --reason x')).toMatch(
    /^banned 2001:db8::\/32 for ever \(/,
  )
})

test('ban import: from a file, with bad lines, and a second time', async () => {
  const file = join(folder, 'bans.txt')
  writeFileSync(file, '203.0.113.40 # scanner\njoe\n203.0.113.41\n')
  const args = ['ban', 'import', file, '--forever', '--reason', 'feed']
  const refused = await gateway.cli(args)
  expect([refused.code, refused.stdout]).toEqual([
    1,
    expect.stringMatching(/^line 2: must be an address.*\nbanned 0 prefixes\n$/),
  ])
  const skip = [...args, '--skip']
  expect((await gateway.mustCli([...skip, '--dry-run'])).stdout).toMatch(/would ban 2 prefixes\n$/)
  expect((await gateway.mustCli(skip)).stdout).toMatch(/banned 2 prefixes\n$/)
  expect((await gateway.mustCli(skip)).stdout).toMatch(
    /banned 0 prefixes, 2 lines banned already or twice\n$/,
  )
  expect(await readJson('ban list 203.0.113.40')).toMatchObject([{ reason: 'scanner' }])
})

/** Of what a verb refuses one: the message is its own, and is looked at in lib/ban. */
test.each([
  ['ban add 127.0.0.1 --for 1h --reason x', 1, /^mailgateway: cidr 127\.0\.0\.1\/32 .*this machine.*--force/],
  ['ban add 203.0.113.1 --for 1h', 2, /--reason/],
  ['ban add 203.0.113.1 --reason x', 2, /either --for TIME or --forever/],
  ['ban add 203.0.113.1 --for 1h --forever --reason x', 2, /either --for TIME or --forever/],
  ['ban add 203.0.113.1 --for soon --reason x', 2, /Give a time/],
])('%s: refused with %i', async (args, code, message) => {
  const refused = await gateway.cli(args.split(' '))
  expect([refused.code, refused.stdout]).toEqual([code, ''])
  expect(refused.stderr).toMatch(message)
})

test.each(['allow', 'shared'])('%s: what it prints', async kind => {
  const add = [kind, 'add', '10.9.8.7/24', '--note', 'the office']
  expect((await gateway.mustCli(add)).stdout).toBe(`${kind}: added 10.9.8.0/24\n`)
  const list = await mustCli(`${kind} list`)
  expect(list).toMatch(/^PREFIX +NOTE +SINCE$/m)
  expect(list).toMatch(new RegExp(`^10\\.9\\.8\\.0/24 +the office +${time}$`, 'm'))
  expect(await readJson(`${kind} list`)).toContainEqual(
    expect.objectContaining({ kind, cidr: '10.9.8.0/24', note: 'the office', author: 'command line' }),
  )
  expect(await mustCli(`${kind} remove 10.9.8.0/24`)).toBe(`${kind}: removed 10.9.8.0/24`)
  expect(await mustCli(`${kind} list`)).not.toContain('10.9.8.0')
})

test('user show: the counter of each circle, and a lock; user unlock', async () => {
  const home = '198.51.100.200'
  expect(await statusFor(home, joe.password)).toBe('OK')
  await statusFor(home, 'wrong at home')
  await statusFor('203.0.113.66', 'wrong abroad')
  await statusFor('203.0.113.66', 'wrong abroad too')
  const shown = await mustCli(`user show ${joe.name}`)
  expect(shown).toMatch(/^FROM +WRONG +LOCK +LAST SUCCESS \(±1h\)$/m)
  expect(shown).toMatch(/^strangers +2\/5$/m)
  expect(shown).toMatch(new RegExp(`^198\\.51\\.100\\.0/24 +1/5 +${time}$`, 'm'))
  expect(shown).toMatch(/since the last success of one: 2 of 100$/m)
  expect(await readJson(`user show ${joe.name}`)).toMatchObject({
    guesses: 2,
    most_guesses: 100,
    counters: [
      { network: null, wrong: 2, limit: 5, locked_until: null },
      { network: '198.51.100.0/24', wrong: 1, limit: 5, locked_until: null },
    ],
  })

  for (const nth of ['third', 'fourth', 'fifth']) await statusFor('203.0.113.66', `wrong a ${nth} time`)
  expect(await mustCli(`user show ${joe.name}`)).toMatch(/^strangers +- +locked until /m)
  expect(await mustCli(`user unlock ${joe.name}`)).toBe(`unlocked ${joe.name}`)
  expect(await mustCli(`user show ${joe.name}`)).not.toMatch(/locked/)
})
