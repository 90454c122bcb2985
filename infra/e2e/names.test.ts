import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useImap, usePop3, useSmtp } from './clients.ts'
import { openDialogue } from './dialogue.ts'
import type { DovecotUser } from './dovecot.ts'
import { type Rig, startRig } from './rig.ts'

const joe = { name: 'joe@example.com', password: 'correct horse battery' }
/** 23 letters of three bytes and three of one: 72 bytes, the most that bcrypt reads. */
const longest = `${'密'.repeat(23)}abc`

const mailboxes: DovecotUser[] = [
  joe,
  { name: 'joe smith@example.com', password: 'one two  three' },
  { name: 'percent%41@example.com', password: '100%25 sure %' },
  { name: 'plus+tag@example.com', password: 'a+b+c = d+e+f' },
  { name: `"quo'ted"@example.com`, password: `say "hi", it's me` },
  { name: 'back\\slash@example.com', password: 'C:\\temp\\new\\' },
  { name: '用户@例子.cn', password: 'pässwörd' },
  { name: 'Mixed.Case@Example.com', password: 'пароль & 密码 🔑' },
  { name: `${'x'.repeat(64)}@example.com`, password: 'a long local part' },
  { name: 'longest@example.com', password: longest },
]

/** nginx skips blanks before the argument of POP3's PASS, so on POP3 such a password needs SASL. */
const blanks = { name: 'blanks@example.com', password: ' blank at both ends ' }

let rig: Rig

beforeAll(async () => {
  rig = await startRig()
  for (const mailbox of [...mailboxes, blanks]) await rig.addMailbox(mailbox)
})

afterAll(() => rig?.stop())

function login(port: number, user: DovecotUser) {
  const { certificate } = rig.nginx
  const { name, password } = user
  return { port: rig.port(port), tls: 'implicit', certificate, user: name, password } as const
}

/** IMAP LOGIN with quoted strings, typed by hand: the client libraries prefer SASL. */
async function loginByHand({ name, password }: DovecotUser): Promise<string> {
  const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
  await using imap = await openDialogue(rig.port(993), rig.nginx.certificate, { implicitTls: true })
  const answer = await imap.ask(`a LOGIN ${quote(name)} ${quote(password)}`, /^a /)
  return answer.at(-1) ?? ''
}

async function pop3ByHand({ name, password }: DovecotUser): Promise<string> {
  await using pop3 = await openDialogue(rig.port(995), rig.nginx.certificate, { implicitTls: true })
  await pop3.ask(`USER ${name}`, /^\+OK/)
  return (await pop3.ask(`PASS ${password}`, /^/)).join()
}

describe.each(mailboxes)('$name with $password', mailbox => {
  test('IMAP', async () => {
    expect(await useImap(login(993, mailbox))).toMatchObject({ ok: true })
    expect(await loginByHand(mailbox)).toMatch(/^a OK /)
  })

  test('POP3', async () => {
    expect(await pop3ByHand(mailbox)).toMatch(/^\+OK /)
  })

  test('SMTP', async () => {
    expect(await useSmtp(login(465, mailbox))).toMatchObject({ ok: true })
  })
})

test('blanks around a password belong to it', async () => {
  expect(await useImap(login(993, blanks))).toMatchObject({ ok: true })
  expect(await loginByHand(blanks)).toMatch(/^a OK /)
  expect(await useSmtp(login(465, blanks))).toMatchObject({ ok: true })
  const sasl = Buffer.from(`\0${blanks.name}\0${blanks.password}`).toString('base64')
  await using pop3 = await openDialogue(rig.port(995), rig.nginx.certificate, { implicitTls: true })
  expect(await pop3.ask(`AUTH PLAIN ${sasl}`, /^/)).toEqual([expect.stringMatching(/^\+OK /)])
  expect(await loginByHand({ ...blanks, password: blanks.password.trim() })).toMatch(/^a NO /)
})

test('node-pop3 sends names and passwords beyond ASCII as UTF-8 too', async () => {
  const chinese = mailboxes.find(({ name }) => name.startsWith('用户'))
  if (!chinese) throw new Error('the table has lost its Chinese mailbox')
  expect(await usePop3(login(995, chinese))).toMatchObject({ ok: true })
})

const otherSpellings = ['JOE@Example.com', 'Joe@EXAMPLE.COM']
const otherNames = [
  'joe@example.com ',
  ' joe@example.com',
  'joe @example.com',
  'jöe@example.com',
  'joe@example.co',
]

test.each(otherSpellings)('%s is joe@example.com', async name => {
  expect(await useImap(login(993, { ...joe, name }))).toMatchObject({ ok: true })
  expect(await pop3ByHand({ ...joe, name })).toMatch(/^\+OK /)
  expect(await useSmtp(login(465, { ...joe, name }))).toMatchObject({ ok: true })
})

test('the domain as an A-label is the same domain', async () => {
  const name = '用户@xn--fsqu00a.cn'
  expect(await useImap(login(993, { name, password: 'pässwörd' }))).toMatchObject({ ok: true })
})

test.concurrent.each(otherNames)('"%s" is not joe@example.com', async name => {
  expect(await loginByHand({ ...joe, name })).toMatch(/^a NO \[AUTHENTICATIONFAILED\] /)
  expect(await useSmtp(login(465, { ...joe, name }))).toMatchObject({ ok: false })
})

const nearMisses: [string, DovecotUser][] = [
  ['a 73rd byte', { name: 'longest@example.com', password: `${longest}d` }],
  ['other letter case', { ...joe, password: 'Correct horse battery' }],
  ['a blank at the end', { ...joe, password: `${joe.password} ` }],
  ['a + for a blank', { ...joe, password: joe.password.replaceAll(' ', '+') }],
  ['escaped once more', { name: 'percent%41@example.com', password: '100% sure %' }],
  ['nothing at all', { ...joe, password: '' }],
]

test.concurrent.each(nearMisses)('a password with %s is wrong', async (_, user) => {
  expect(await loginByHand(user)).toMatch(/^a NO \[AUTHENTICATIONFAILED\] /)
})
