import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Ban } from '../../lib/ban/shapes.ts'
import { ask, nginxLines } from './ask.ts'
import { type Login, type Outcome, useImap, usePop3, useSmtp } from './clients.ts'
import { openDialogue } from './dialogue.ts'
import { mapAtOnce } from './mail-user.ts'
import { type Rig, startRig } from './rig.ts'

// Wrong passwords are answered a second late, and every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 })

const password = 'correct horse battery'
const joe = { name: 'joe@example.com', password }
const ann = { name: 'ann@example.com', password }
const eve = { name: 'eve@example.com', password }
const max = { name: 'max@example.com', password }

let rig: Rig

beforeAll(async () => {
  rig = await startRig()
  for (const user of [joe, ann, eve, max]) await rig.addMailbox(user)
})
afterAll(() => rig?.stop())

const mustCli = async (args: string) => (await rig.gateway.mustCli(args.split(' '))).stdout.trimEnd()
const readJson = async <T>(args: string) =>
  (await rig.gateway.mustCli([...args.split(' '), '--json'])).json as T
const login = (port: number, { name, password: pass }: typeof joe): Login => ({
  port: rig.port(port),
  tls: 'implicit',
  certificate: rig.nginx.certificate,
  user: name,
  password: pass,
})
/** What the mail client is told, from an address of our choice, without nginx in between. */
async function statusFor(address: string, user: string, pass: string): Promise<string> {
  const lines = nginxLines({ user, password: pass }, { 'Client-IP': address })
  return (await ask(rig.gateway.ports.nginx, lines)).headers['auth-status'] ?? ''
}

/** Twenty distinct wrong passwords, of five users, so that neither a user is locked nor the network sprays. */
async function guessTwenty(address: string, tag: string): Promise<string[]> {
  const guesses = Array.from({ length: 20 }, (_, i) => [`${tag}${i % 5}@example.com`, `wrong ${tag} ${i}`])
  return mapAtOnce(guesses, 2, ([user, pass]) => statusFor(address, user!, pass!))
}

const wrong = '[AUTHENTICATIONFAILED] Invalid user name or password'
const later = '[UNAVAILABLE] Temporary failure, please try again later'

describe('through nginx', () => {
  test('five wrong passwords lock the mailbox for strangers on all protocols, unlock opens it', async () => {
    const guesses = Array.from({ length: 5 }, (_, i) => login(993, { ...joe, password: `wrong ${i}` }))
    for (const outcome of await Promise.all(guesses.map(guess => useImap(guess)))) {
      expect(outcome).toEqual({ ok: false, text: expect.stringContaining(wrong) })
    }
    const rightPassword: [() => Promise<Outcome>, RegExp][] = [
      [() => useImap(login(993, joe)), /^\w+ NO \[UNAVAILABLE\] Temporary failure/],
      [() => usePop3(login(995, joe)), /^\[SYS\/TEMP\] Temporary failure/],
      [() => useSmtp(login(465, joe)), /^454 4\.7\.0 Temporary failure/],
    ]
    for (const [attempt, text] of rightPassword) {
      expect(await attempt()).toEqual({ ok: false, text: expect.stringMatching(text) })
    }
    // Who never tried is not concerned.
    expect(await useImap(login(993, ann))).toMatchObject({ ok: true })

    expect(await mustCli(`user show ${joe.name}`)).toMatch(/^strangers +\S+ +locked/m)
    expect(await mustCli(`user unlock ${joe.name}`)).toBe(`unlocked ${joe.name}`)
    expect(await mustCli(`user show ${joe.name}`)).not.toMatch(/locked/)
    expect(await useImap(login(993, joe))).toMatchObject({ ok: true })
    const reasons = await readJson<{ reason: string; counters: string }[]>(`log search --user ${joe.name}`)
    expect(reasons.map(({ reason }) => reason)).toEqual([
      'ok',
      ...Array.from({ length: 3 }, () => 'locked'),
      ...Array.from({ length: 5 }, () => 'wrong_password'),
    ])
    expect(reasons.map(({ counters }) => counters)).toContainEqual(
      expect.stringMatching(/^user 5\/5, total 5\/100/),
    )
  })

  test('a ban holds at the next login, also for familiar users, and closes the connection; lifted at the next', async () => {
    const open = () => openDialogue(rig.port(993), rig.nginx.certificate, { implicitTls: true })
    expect(await useImap(login(993, ann))).toMatchObject({ ok: true })
    await using already = await open()
    await mustCli('ban add 127.0.0.0/8 --for 1h --reason test --force')
    expect(await already.ask(`a LOGIN ${ann.name} "${password}"`, /^a /)).toEqual([`a NO ${wrong}`])
    expect(await already.readLine()).toBeUndefined()
    expect(await usePop3(login(995, ann))).toEqual({ ok: false, text: expect.stringMatching(/^\[AUTH\] /) })
    expect(await useSmtp(login(465, ann))).toEqual({
      ok: false,
      text: expect.stringMatching(/^535 5\.7\.8 /),
    })
    expect(await mustCli('ban remove 127.0.0.0/8')).toBe('lifted 127.0.0.0/8')
    expect(await useImap(login(993, ann))).toMatchObject({ ok: true })
  })
})

describe('automatic bans', () => {
  const attacker = '198.51.100.7'

  test('the twentieth wrong password of an address bans it, with evidence; lifting lets it try again', async () => {
    expect(new Set(await guessTwenty(attacker, 'a'))).toEqual(new Set([wrong]))
    expect(await statusFor(attacker, eve.name, password)).toBe(later)
    // A neighbour is not banned.
    expect(await statusFor('198.51.100.8', 'nobody@example.com', 'something')).toBe(wrong)

    const bans = await readJson<Ban[]>(`ban list ${attacker}`)
    expect(bans).toMatchObject([
      {
        cidr: `${attacker}/32`,
        event_type: 'address',
        author: 'automatic',
        reason: 'automatic: address',
        level: 0,
      },
    ])
    expect(bans[0]!.ends_at! - bans[0]!.starts_at).toBe(15 * 60_000)
    const { users, ...evidence } = bans[0]!.evidence!
    expect(evidence).toEqual({ counter: 'address', count: 20 })
    expect(users.toSorted()).toEqual(Array.from({ length: 5 }, (_, i) => `a${i}@example.com`))
    expect(rig.gateway.output()).toContain('"alert":"address"')

    const shown = await mustCli(`ban show ${bans[0]!.id}`)
    expect(shown).toMatch(/^ban +198\.51\.100\.7\/32$/m)
    expect(shown).toMatch(/^why +automatic: address$/m)
    expect(shown).toMatch(/^evidence +.*a0@example\.com/m)
    expect(await mustCli(`ban remove ${attacker}`)).toBe(`lifted ${attacker}/32`)
    expect(await statusFor(attacker, eve.name, 'wrong')).toBe(wrong)
    expect(await mustCli(`ban remove ${attacker}`)).toBe('it was over already')
  })

  test.each([
    ['allow', '203.0.113.7'],
    ['shared', '203.0.113.200'],
  ])('%s: an alert instead of a ban', async (kind, address) => {
    await mustCli(`${kind} add ${address}/32`)
    expect(new Set(await guessTwenty(address, kind))).toEqual(new Set([wrong]))
    expect(await statusFor(address, eve.name, password)).toBe('OK')
    expect(await mustCli(`ban list ${address} --all`)).toBe('no bans')
    const alerts = rig.gateway
      .output()
      .split('\n')
      .filter(line => line.includes('"alert":"address"'))
    expect(alerts.filter(line => line.includes(`"${address}/32"`))).toHaveLength(1)
  })
})

test('ten thousand attempts of a banned network are all counted, in less than a hundred rows', async () => {
  const attempts = 10_000
  const readRows = async () => {
    const { json } = await rig.gateway.mustCli([
      'log',
      'search',
      '--reason',
      'banned',
      '--limit',
      '1000',
      '--json',
    ])
    return json as { client_address: string; count: number }[]
  }
  const sumOf = (rows: { count: number }[]) => rows.reduce((sum, { count }) => sum + count, 0)
  await mustCli('ban add 198.18.0.0/15 --forever --reason flood')
  const before = await readRows()
  const addresses = Array.from({ length: attempts }, (_, i) => `198.18.${i % 40}.${i % 7}`)
  const answers = await mapAtOnce(addresses, 20, address => statusFor(address, joe.name, password))
  expect(new Set(answers)).toEqual(new Set([wrong]))
  // The last rows are written when their answers are out already.
  await expect.poll(async () => sumOf(await readRows()) - sumOf(before), { timeout: 10_000 }).toBe(attempts)
  expect((await readRows()).length - before.length).toBeLessThan(100)
  expect(await mustCli('log search --limit 1')).toMatch(
    /198\.18\..*banned by an administrator \[mailgateway ban remove \S+\] × \d+/,
  )
})

describe('the command line', () => {
  const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`

  test('ban: what it prints', async () => {
    const [network, reason] = ['203.0.113.128/25', 'guesses all night']
    const add = ['ban', 'add', '203.0.113.130/25', '--for', '1h', '--reason', reason]
    const { stdout } = await rig.gateway.mustCli(add)
    const [, id] = new RegExp(`^banned ${network} until ${time} \\((\\S+)\\)\n$`).exec(stdout) ?? []
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const list = (await mustCli('ban list 203.0.113.131')).split('\n')
    expect(list[0]).toMatch(/^PREFIX +SINCE +END +BY +WHY +ID$/)
    expect(list.slice(1)).toEqual([
      expect.stringMatching(
        new RegExp(`^${network} +${time} +until ${time} +command line +${reason} +${id}$`),
      ),
    ])
    expect(await mustCli(`ban show ${network}`)).toMatch(/^evidence +none, made by hand$/m)
    expect(await readJson(`ban show ${id}`)).toMatchObject({ id, cidr: network, reason })
    const set = ['ban', 'set', network, '--forever', '--reason', 'guesses again']
    expect((await rig.gateway.mustCli(set)).stdout).toBe(`changed ${network}: for ever, guesses again\n`)
    expect(await readJson('ban list --search AGAIN')).toMatchObject([{ id, ends_at: null }])
    expect(await readJson(`ban remove ${id}`)).toMatchObject([{ id }])
    expect(await mustCli('ban list 203.0.113.131')).toBe('no bans')
    expect(await readJson('ban list 203.0.113.131 --all')).toMatchObject([{ id }])
    expect(await mustCli('ban add 2001:db8::/32 --forever --reason x')).toMatch(
      /^banned 2001:db8::\/32 for ever \(/,
    )
  })

  test('ban import: from a file, with bad lines, and a second time', async () => {
    const file = join(rig.folder, 'bans.txt')
    writeFileSync(file, '203.0.113.40 # scanner\njoe\n203.0.113.41\n')
    const args = ['ban', 'import', file, '--forever', '--reason', 'feed']
    const refused = await rig.gateway.cli(args)
    expect([refused.code, refused.stdout]).toEqual([
      1,
      expect.stringMatching(/^line 2: must be an address.*\nbanned 0 prefixes\n$/),
    ])
    const skip = [...args, '--skip']
    expect((await rig.gateway.mustCli([...skip, '--dry-run'])).stdout).toMatch(/would ban 2 prefixes\n$/)
    expect((await rig.gateway.mustCli(skip)).stdout).toMatch(/banned 2 prefixes\n$/)
    expect((await rig.gateway.mustCli(skip)).stdout).toMatch(
      /banned 0 prefixes, 2 lines banned already or twice\n$/,
    )
    expect(await readJson('ban list 203.0.113.40')).toMatchObject([{ reason: 'scanner' }])
  })

  test.each([
    [
      'ban add 127.0.0.1 --for 1h --reason x',
      1,
      /^mailgateway: cidr 127\.0\.0\.1\/32 .*this machine.*--force/,
    ],
    ['ban add ::/0 --for 1h --reason x', 1, /^mailgateway: cidr ::\/0 .*--force/],
    ['ban add joe --for 1h --reason x', 1, /^mailgateway: cidr must be an address/],
    ['ban add 203.0.113.1 --for 0s --reason x', 1, /^mailgateway: duration must be/],
    ['ban add 203.0.113.1 --for 200000d --reason x', 1, /^mailgateway: duration must be at most/],
    ['ban add 203.0.113.1 --for 1h', 2, /--reason/],
    ['ban add 203.0.113.1 --reason x', 2, /either --for TIME or --forever/],
    ['ban add 203.0.113.1 --for 1h --forever --reason x', 2, /either --for TIME or --forever/],
    ['ban add 203.0.113.1 --for soon --reason x', 2, /Give a time/],
    [
      'ban remove 203.0.113.1',
      1,
      /^mailgateway: no ban is exactly 203\.0\.113\.1; see which contain it: ban list ADDRESS\n$/,
    ],
    ['ban show joe', 1, /^mailgateway: no ban is exactly joe/],
    ['ban list joe', 1, /^mailgateway: \w+ must be an address/],
    ['allow remove 203.0.113.1', 1, /^mailgateway: 203\.0\.113\.1 is not on that list\n$/],
    ['shared add 203.0.113.0/40', 1, /^mailgateway: cidr must be/],
    ['user unlock nobody@example.com', 1, /^mailgateway: .*nobody@example\.com/],
  ])('%s: refused with %i', async (args, code, message) => {
    const refused = await rig.gateway.cli(args.split(' '))
    expect([refused.code, refused.stdout]).toEqual([code, ''])
    expect(refused.stderr).toMatch(message)
  })

  test.each(['allow', 'shared'])('%s: what it prints', async kind => {
    const add = [kind, 'add', '10.9.8.7/24', '--note', 'the office']
    expect((await rig.gateway.mustCli(add)).stdout).toBe(`${kind}: added 10.9.8.0/24\n`)
    const list = await mustCli(`${kind} list`)
    expect(list).toMatch(/^PREFIX +NOTE +SINCE$/m)
    expect(list).toMatch(new RegExp(`^10\\.9\\.8\\.0/24 +the office +${time}$`, 'm'))
    expect(await readJson(`${kind} list`)).toContainEqual(
      expect.objectContaining({ kind, cidr: '10.9.8.0/24', note: 'the office', author: 'command line' }),
    )
    expect(await mustCli(`${kind} remove 10.9.8.0/24`)).toBe(`${kind}: removed 10.9.8.0/24`)
    expect(await mustCli(`${kind} list`)).not.toContain('10.9.8.0')
  })

  test('user show: the counter of each circle', async () => {
    const home = '198.51.100.200'
    expect(await statusFor(home, max.name, password)).toBe('OK')
    await statusFor(home, max.name, 'wrong at home')
    await statusFor('203.0.113.66', max.name, 'wrong abroad')
    await statusFor('203.0.113.66', max.name, 'wrong abroad too')
    const shown = await mustCli(`user show ${max.name}`)
    expect(shown).toMatch(/^FROM +WRONG +LOCK +LAST SUCCESS \(±1h\)$/m)
    expect(shown).toMatch(/^strangers +2\/5$/m)
    expect(shown).toMatch(new RegExp(`^198\\.51\\.100\\.0/24 +1/5 +${time}$`, 'm'))
    expect(shown).toMatch(/since the last success of one: 2 of 100$/m)
    expect(await readJson(`user show ${max.name}`)).toMatchObject({
      guesses: 2,
      most_guesses: 100,
      counters: [
        { network: null, wrong: 2, limit: 5, locked_until: null },
        { network: '198.51.100.0/24', wrong: 1, limit: 5, locked_until: null },
      ],
    })
  })
})
