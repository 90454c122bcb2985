import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask, nginxLines } from './ask.ts'
import { type Login, type Outcome, useImap, usePop3, useSmtp } from './clients.ts'
import { openDialogue } from './dialogue.ts'
import type { Gateway } from './gateway.ts'
import { mapAtOnce } from './mail-user.ts'
import { type Rig, startRig } from './rig.ts'

// Wrong passwords are answered a second late.
vi.setConfig({ testTimeout: 120_000 })

const password = 'correct horse battery'
const joe = { name: 'joe@example.com', password }
const ann = { name: 'ann@example.com', password }
const eve = { name: 'eve@example.com', password }

let rig: Rig

beforeAll(async () => {
  rig = await startRig()
  for (const user of [joe, ann, eve]) await rig.addMailbox(user)
})
afterAll(() => rig?.stop())

const mustCli = async (args: string) => (await rig.gateway.mustCli(args.split(' '))).stdout.trimEnd()
const run: Gateway['do'] = (verb, input) => rig.gateway.do(verb, input)
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

    const readLocks = async () =>
      (await run('user show', { name: joe.name })).counters?.filter(
        ({ locked_until }) => locked_until !== null,
      )
    expect(await readLocks()).toMatchObject([{ network: null, locked_until: expect.any(Number) }])
    await run('user unlock', { name: joe.name })
    expect(await readLocks()).toEqual([])
    expect(await useImap(login(993, joe))).toMatchObject({ ok: true })
    const { items: reasons } = await run('log search', { user: joe.name })
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
    await run('ban add', { cidr: '127.0.0.0/8', duration: 3_600_000, reason: 'test', force: true })
    expect(await already.ask(`a LOGIN ${ann.name} "${password}"`, /^a /)).toEqual([`a NO ${wrong}`])
    expect(await already.readLine()).toBeUndefined()
    expect(await usePop3(login(995, ann))).toEqual({ ok: false, text: expect.stringMatching(/^\[AUTH\] /) })
    expect(await useSmtp(login(465, ann))).toEqual({
      ok: false,
      text: expect.stringMatching(/^535 5\.7\.8 /),
    })
    await run('ban remove', { ban: '127.0.0.0/8' })
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

    const { items: bans } = await run('ban list', { address: attacker })
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
    await run('exception add', { kind, cidr: `${address}/32` })
    expect(new Set(await guessTwenty(address, kind))).toEqual(new Set([wrong]))
    expect(await statusFor(address, eve.name, password)).toBe('OK')
    expect((await run('ban list', { address, state: 'all' })).items).toEqual([])
    const alerts = rig.gateway
      .output()
      .split('\n')
      .filter(line => line.includes('"alert":"address"'))
    expect(alerts.filter(line => line.includes(`"${address}/32"`))).toHaveLength(1)
  })
})

test('thousands of attempts of a banned network are all counted, in less than a hundred rows', async () => {
  // Not counted together they would be more rows than are read here.
  const attempts = 2_000
  const readRows = async () => (await run('log search', { reason: ['banned'], limit: 1_000 })).items
  const sumOf = (rows: { count: number }[]) => rows.reduce((sum, { count }) => sum + count, 0)
  await run('ban add', { cidr: '198.18.0.0/15', duration: null, reason: 'flood' })
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
