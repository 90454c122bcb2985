import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Login, type Outcome, useImap, usePop3, useSmtp } from './clients.ts'
import { openDialogue } from './dialogue.ts'
import { type Rig, startRig } from './rig.ts'

const joe = { name: 'joe@example.com', password: 'correct horse battery' }
const disabled = { name: 'disabled@example.com', password: 'staple of the disabled' }
const onlyImap = { name: 'only-imap@example.com', password: 'reads but never sends' }
const onlySmtp = { name: 'only-smtp@example.com', password: 'sends but never reads' }
const changedAtBackend = { name: 'changed@example.com', password: 'known to the gateway' }

const ways = [
  { tls: 'starttls', imap: 143, smtp: 587 },
  { tls: 'implicit', imap: 993, smtp: 465 },
] as const

let rig: Rig

function login(port: number, tls: Login['tls'], user: { name: string; password: string }): Login {
  const { certificate } = rig.nginx
  return { port: rig.port(port), tls, certificate, user: user.name, password: user.password }
}

beforeAll(async () => {
  rig = await startRig()
  await rig.addMailbox(joe)
  await rig.addMailbox(disabled)
  await rig.gateway.do('user disable', { name: disabled.name })
  await rig.addMailbox(onlyImap, { protocols: ['imap'] })
  await rig.addMailbox(onlySmtp, { protocols: ['smtp'] })
  await rig.addMailbox(changedAtBackend)
  rig.dovecot.addUser({ name: changedAtBackend.name, password: 'another one' })
})

afterAll(() => rig?.stop())

describe.each(ways)('over $tls', ({ tls, imap, smtp }) => {
  test('imapflow logs in, stores a message and reads it', async () => {
    const outcome = await useImap(login(imap, tls, joe), async client => {
      await client.append('INBOX', `Subject: kept over ${tls}\r\n\r\nhello\r\n`)
      const lock = await client.getMailboxLock('INBOX')
      const newest = await client.fetchOne('*', { envelope: true })
      lock.release()
      return newest ? (newest.envelope?.subject ?? '') : ''
    })
    expect(outcome).toEqual({ ok: true, text: `kept over ${tls}` })
  })

  test('nodemailer logs in and sends', async () => {
    const outcome = await useSmtp(login(smtp, tls, joe), {
      from: joe.name,
      to: 'friend@example.net',
      subject: `sent over ${tls}`,
      text: 'hello',
    })
    expect(outcome).toMatchObject({ ok: true })
    const sent = rig.sink.messages.find(({ content }) => content.includes(`Subject: sent over ${tls}`))
    expect(sent?.from).toMatch(/^MAIL FROM:<joe@example\.com>/)
    expect(sent?.to).toEqual([expect.stringMatching(/^RCPT TO:<friend@example\.net>/)])
  })
})

test('node-pop3 logs in and reads what IMAP stored', async () => {
  const stored = await useImap(login(993, 'implicit', joe), async client => {
    await client.append('INBOX', 'Subject: for POP3\r\n\r\nhello\r\n')
    return ''
  })
  expect(stored.ok).toBe(true)
  const outcome = await usePop3(login(995, 'implicit', joe), async client => {
    const messages = await client.UIDL()
    return client.RETR(messages.length)
  })
  expect(outcome.ok).toBe(true)
  expect(outcome.text).toContain('Subject: for POP3')
})

test('IMAP takes what it announces before login: literals that do not wait', async () => {
  await using imap = await openDialogue(rig.port(993), rig.nginx.certificate, { implicitTls: true })
  expect(await imap.ask('a CAPABILITY', /^a /)).toEqual([
    expect.stringContaining(' LITERAL+'),
    'a OK completed',
  ])
  const literal = (text: string) => `{${Buffer.byteLength(text)}+}\r\n${text}`
  const answer = await imap.ask(`b LOGIN ${literal(joe.name)} ${literal(joe.password)}`, /^b /)
  expect(answer).toEqual([expect.stringMatching(/^b OK /)])
})

test('POP3 with STLS logs in', async () => {
  await using pop3 = await openDialogue(rig.port(110), rig.nginx.certificate)
  await pop3.ask('STLS', /^\+OK/)
  await pop3.secure()
  await pop3.ask(`USER ${joe.name}`, /^\+OK/)
  const answer = await pop3.ask(`PASS ${joe.password}`, /^/)
  expect(answer).toEqual([expect.stringMatching(/^\+OK/)])
})

test('without TLS a login is not even considered', async () => {
  const open = (port: number) => openDialogue(rig.port(port), rig.nginx.certificate)
  const sasl = Buffer.from(`\0${joe.name}\0${joe.password}`).toString('base64')
  await using imap = await open(143)
  expect(await imap.ask(`a LOGIN ${joe.name} "${joe.password}"`, /^a /)).toEqual([
    expect.stringMatching(/^a BAD /),
  ])
  await using pop3 = await open(110)
  expect(await pop3.ask(`USER ${joe.name}`, /^/)).toEqual([expect.stringMatching(/^-ERR /)])
  await using smtp = await open(587)
  await smtp.ask('EHLO client.test', /^250 /)
  expect(await smtp.ask(`AUTH PLAIN ${sasl}`, /^/)).toEqual([expect.stringMatching(/^500 5\.5\.1 /)])
})

describe('refusals: the same text for every cause', () => {
  const wrongPassword = { ...joe, password: 'not the password' }
  const unknown = { name: 'nobody@example.com', password: joe.password }
  const byProtocol: [string, (user: typeof joe) => Promise<Outcome>, RegExp, typeof joe][] = [
    ['IMAP', user => useImap(login(993, 'implicit', user)), /^\w+ NO \[AUTHENTICATIONFAILED\] \w/, onlySmtp],
    ['POP3', user => usePop3(login(995, 'implicit', user)), /^\[AUTH\] \w/, onlyImap],
    ['SMTP', user => useSmtp(login(465, 'implicit', user)), /^535 5\.7\.8 \w/, onlyImap],
  ]

  test.each(byProtocol)('%s', async (_, attempt, pattern, notAllowed) => {
    const outcomes = await Promise.all([wrongPassword, unknown, disabled, notAllowed].map(attempt))
    for (const outcome of outcomes)
      expect(outcome).toEqual({ ok: false, text: expect.stringMatching(pattern) })
    // The tag at the start of an IMAP line is the client's own.
    const texts = new Set(outcomes.map(({ text }) => text.replace(/^\w+ NO /, '')))
    expect(texts.size).toBe(1)
  })

  test('the auth log names the true cause of each', async () => {
    const listReasons = async (user: string) => {
      const { items } = await rig.gateway.do('log search', { user })
      return items.map(({ reason }) => reason)
    }
    expect(await listReasons(joe.name)).toEqual(expect.arrayContaining(['ok', 'wrong_password']))
    expect(new Set(await listReasons(unknown.name))).toEqual(new Set(['unknown_user']))
    expect(new Set(await listReasons(disabled.name))).toEqual(new Set(['disabled']))
    expect(new Set(await listReasons(onlyImap.name))).toEqual(new Set(['protocol_not_allowed']))
  })

  test('a mailbox with one protocol still has that one', async () => {
    expect(await useImap(login(993, 'implicit', onlyImap))).toMatchObject({ ok: true })
    expect(await useSmtp(login(465, 'implicit', onlySmtp))).toMatchObject({ ok: true })
  })
})

test('a login that the gateway allows and the backend refuses shows the words of the backend', async () => {
  const outcome = await useImap(login(993, 'implicit', changedAtBackend))
  expect(outcome).toEqual({
    ok: false,
    text: expect.stringContaining('[AUTHENTICATIONFAILED] Authentication failed.'),
  })
})
