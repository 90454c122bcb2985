import { afterAll, beforeAll, expect, test } from 'vitest'
import { useImap, usePop3, useSmtp } from './clients.ts'
import { type Rig, startRig } from './rig.ts'

/**
 * The nginx configuration that the program before this one told its users to write, word for word: no TLS, and
 * for SMTP no login at the backend, which instead trusts nginx and learns the client by XCLIENT.
 */
const joe = { name: 'joe@example.com', password: 'correct horse battery' }

let rig: Rig

beforeAll(async () => {
  rig = await startRig({ nginx: 'original sample', smtpBackend: 'sink' })
  await rig.addMailbox(joe)
})

afterAll(() => rig?.stop())

const login = (port: number, password = joe.password) => ({ port: rig.port(port), user: joe.name, password })

test('imapflow stores a message, node-pop3 reads it', async () => {
  const stored = await useImap(login(143), async client => {
    await client.append('INBOX', 'Subject: by the sample\r\n\r\nhello\r\n')
    return ''
  })
  expect(stored).toMatchObject({ ok: true })
  const read = await usePop3(login(110), client => client.RETR(1))
  expect(read).toEqual({ ok: true, text: expect.stringContaining('Subject: by the sample') })
})

test('nodemailer sends, and the backend is told who and from where', async () => {
  const outcome = await useSmtp(login(25), { from: joe.name, to: 'friend@example.net', text: 'hello' })
  expect(outcome).toMatchObject({ ok: true })
  const [message] = rig.sink.messages
  expect(message?.from).toMatch(/^MAIL FROM:<joe@example\.com>/)
  expect(message?.xclient).toMatch(/^ADDR=127\.0\.0\.1 LOGIN=joe@example\.com /)
})

test('a wrong password is refused on all three', async () => {
  const wrong = 'not the password'
  const no = (start: RegExp) => ({ ok: false, text: expect.stringMatching(start) })
  expect(await useImap(login(143, wrong))).toEqual(no(/^\w+ NO \[AUTHENTICATIONFAILED\] /))
  expect(await usePop3(login(110, wrong))).toEqual(no(/^\[AUTH\] /))
  expect(await useSmtp(login(25, wrong))).toEqual(no(/^535 5\.7\.8 /))
})
