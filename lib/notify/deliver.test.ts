import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeCertificate } from '../../infra/e2e/certificate.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { type MailServer, type MailServerOptions, startMailServer } from '../../infra/e2e/mail-server.ts'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import { startGreeter } from '../backend/test-servers.ts'
import type { Services } from '../runtime/services.ts'
import { deliverDue } from './deliver.ts'
import type { Notice } from './notice.ts'
import { makeRow } from './queue.ts'
import { sendTestMail } from './test-mail.ts'

const minute = 60_000
const day = 24 * 60 * minute
const login = { user: 'gateway@example.org', password: 'sesame, open the mail' }
const files = mkdtempSync(join(tmpdir(), 'mailgateway-notify-'))
const certificate = makeCertificate(files)
const joe = 'joe@example.com'

let own: InProcess
let services: Services
let server: MailServer
let time = Date.UTC(2026, 10, 24, 21, 6)
const never = new AbortController().signal

beforeAll(async () => {
  own = await openInProcess({}, { clock: () => time, steady: () => time })
  services = own.services
})
afterAll(async () => {
  await own?.close()
  rmSync(files, { recursive: true })
})
beforeEach(async () => {
  await services.db.deleteFrom('notifications').execute()
  Object.assign(services.settings.notify, {
    language: 'both',
    locked: true,
    locked_subject_en: '',
    locked_text_en: '',
  })
  await useServer()
})
afterEach(() => server.stop())

async function useServer(
  options: MailServerOptions = {},
  changes: Partial<Services['settings']['smtp']> = {},
) {
  await server?.stop()
  server = await startMailServer(options)
  Object.assign(services.settings.smtp, {
    host: '127.0.0.1',
    port: server.port,
    security: options.security ?? 'none',
    tls_ca: options.tls?.certificate ?? '',
    user: options.login?.user ?? '',
    password: options.login?.password ?? '',
    from: 'Mail gateway <gateway@example.org>',
    ...changes,
  })
}

const notice = (changes: Partial<Notice> = {}): Notice => ({
  kind: 'locked',
  time,
  user: joe,
  address: '192.0.2.7/32',
  network: '192.0.2.0/24',
  event: '',
  ...changes,
})

async function queue(count = 1, changes: Partial<Notice> = {}): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) =>
    makeRow(notice(changes), i === 0 ? joe : `user${i}@example.com`, time),
  )
  await services.db.insertInto('notifications').values(rows).execute()
}
const readRows = () => services.db.selectFrom('notifications').selectAll().orderBy('id').execute()
const readRow = async () => (await readRows())[0]!
const deliver = (signal = never) => deliverDue(services, signal)
const recipients = () => server.received.flatMap(({ to }) => to)

describe('a mail as its reader sees it', () => {
  test('in both languages', async () => {
    await queue()
    await deliver()
    const [{ email, raw, from, to } = expect.fail('no mail')] = server.received
    expect([from, to]).toEqual(['gateway@example.org', [joe]])
    expect(email.from).toMatchObject({ name: 'Mail gateway', address: 'gateway@example.org' })
    expect(email.to).toMatchObject([{ address: joe }])
    expect(email.subject).toBe(
      `Wrong passwords for your mailbox ${joe} / 有人用错误的密码登录您的邮箱 ${joe}`,
    )
    expect(email.text).toContain('from 192.0.2.7 (network 192.0.2.0/24), 2026-11-24 21:06 UTC.')
    expect(email.text).toContain('最近一次来自 192.0.2.7（网络 192.0.2.0/24），时间 2026-11-24 21:06 UTC。')
    expect(email.html).toBeUndefined()
    const { id } = await readRow()
    expect(email.messageId).toBe(`<${id}@example.org>`)
    expect(Math.abs(Date.parse(email.date!) - Date.now())).toBeLessThan(minute)
    expect(email.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated')
    expect(raw.split('\r\n').every(line => line.length <= 998 && /^[\t\x20-\x7e]*$/.test(line))).toBe(true)
  })

  test.each(['totp_enrolled', 'locked', 'new_network', 'attack'] as const)(
    '%s says everything that it knows, in each language alone',
    async kind => {
      for (const language of ['en', 'zh'] as const) {
        services.settings.notify.language = language
        await services.db.deleteFrom('notifications').execute()
        await queue(1, { kind, event: kind === 'attack' ? 'stuffing' : '' })
        await deliver()
        const { email } = server.received.at(-1)!
        const whole = `${email.subject}\n${email.text}`
        expect(whole).not.toMatch(/[{}]|undefined|null/)
        expect(/\p{Script=Han}/u.test(email.subject!)).toBe(language === 'zh')
        expect(/\p{Script=Han}/u.test(email.text!)).toBe(language === 'zh')
        expect(whole).toContain('2026-11-24 21:06 UTC')
        expect(whole).toContain(joe)
        if (kind !== 'totp_enrolled') expect(whole).toContain('192.0.2.0/24')
        if (kind === 'attack') expect(whole).toContain(language === 'en' ? '(stuffing)' : '（撞库）')
      }
    },
  )

  test('texts of the settings take the place of the built-in ones, and values are never read as placeholders', async () => {
    Object.assign(services.settings.notify, {
      language: 'en',
      locked_subject_en: '锁定 {user} 🔒',
      locked_text_en: '.\n{user}\n.\nFrom {address}',
    })
    await queue(1, { address: '{user}' })
    await deliver()
    const [{ email } = expect.fail('no mail')] = server.received
    expect(email.subject).toBe(`锁定 ${joe} 🔒`)
    expect(email.text!.replaceAll('\r', '').trimEnd()).toBe(`.\n${joe}\n.\nFrom {user}`)
  })

  test('no value becomes a header', async () => {
    services.settings.notify.language = 'en'
    await queue(1, { user: 'joe\r\nBcc: root@example.org\r\n\r\nhello' })
    await deliver()
    const [{ email, raw, to } = expect.fail('no mail')] = server.received
    expect(to).toEqual([joe])
    expect(email.bcc).toBeUndefined()
    expect(raw.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/m)
  })

  test('a name of other letters', async () => {
    const row = makeRow(notice({ user: 'jöe@xn--fsqu00a.cn' }), 'jöe@xn--fsqu00a.cn', time)
    await services.db.insertInto('notifications').values(row).execute()
    await deliver()
    expect(recipients()).toHaveLength(1)
    expect(recipients()[0]).toMatch(/^jöe@/)
    expect((await readRow()).state).toBe('sent')
  })
})

describe('the way to the server', () => {
  test.each(['starttls', 'tls'] as const)('%s with a login', async security => {
    await useServer({ security, tls: certificate, login })
    await queue()
    await deliver()
    expect(server.received).toMatchObject([{ tls: true, user: login.user, to: [joe] }])
  })

  test.each<[string, MailServerOptions, Partial<Services['settings']['smtp']>, string, RegExp]>([
    [
      'a certificate of an authority that is not known',
      { security: 'tls', tls: certificate },
      { tls_ca: '' },
      'smtp.security',
      /certificate.*smtp\.tls_ca/,
    ],
    [
      'a certificate for another name',
      { security: 'starttls', tls: certificate, host: '127.0.0.2' },
      { host: '127.0.0.2' },
      'smtp.security',
      /127\.0\.0\.2/,
    ],
    [
      'no STARTTLS where it is wanted',
      { security: 'none' },
      { security: 'starttls' },
      'smtp.security',
      /smtp\.security/,
    ],
    [
      'TLS where it is plain text',
      { security: 'none' },
      { security: 'tls' },
      'smtp.security',
      /starttls at 587/,
    ],
    ['no file', {}, { tls_ca: join(files, 'no') }, 'smtp.tls_ca', /cannot be read/],
    ['no such host', {}, { host: 'no.invalid' }, 'smtp.host', /has no address/],
    [
      'a wrong password',
      { login },
      { password: 'not the sesame' },
      'smtp.password',
      /refused the login .*535 5\.7\.8.*check smtp\.user and smtp\.password/,
    ],
    ['no login where one is wanted', { login }, { user: '' }, 'smtp.from', /smtp\.user/],
  ])('%s: nothing is sent, and the text says what to do', async (_case, options, changes, field, text) => {
    await useServer(options, changes)
    const tried = await sendTestMail(services, { to: joe }).catch(error => error)
    expect(tried).toMatchObject({ name: 'Refusal', code: 'conflict', field })
    expect(tried.message).toMatch(text)
    await queue(2)
    await deliver()
    expect(server.received).toEqual([])
    const rows = await readRows()
    expect(rows.map(({ state, tries }) => [state, tries])).toEqual([
      ['waiting', 1],
      ['waiting', 0],
    ])
    expect(rows[0]!.error).toMatch(text)
    // Also where the server repeats it, as it is and in Base64.
    const { user, password } = services.settings.smtp
    const told = tried.message + rows[0]!.error
    if (password) {
      expect(told).not.toContain(password)
      expect(told).not.toContain(Buffer.from(`\0${user}\0${password}`).toString('base64'))
    }
  })
})

describe('a mail that is not taken', () => {
  test('for now: tried again after growing pauses, the next one goes out', async () => {
    server.refuse = recipient => (recipient === joe ? '451 4.7.1 greylisted' : undefined)
    await queue(2)
    await deliver()
    expect(recipients()).toEqual(['user1@example.com'])
    const pauses: number[] = []
    for (let tries = 1; tries <= 9; tries++) {
      const { due_at, error, state } = await readRow()
      expect([state, error]).toEqual(['waiting', expect.stringContaining('451 4.7.1 greylisted')])
      pauses.push((due_at - time) / minute)
      time = due_at
      await deliver()
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
    server.refuse = () => undefined
    time += 60 * minute
    await deliver()
    expect(await readRow()).toMatchObject({ state: 'sent', error: '', ended_at: time })
  })

  test('for ever: given up at once', async () => {
    server.refuse = () => '550 5.1.1 nobody of that name'
    await queue()
    await deliver()
    expect(await readRow()).toMatchObject({ state: 'failed', ended_at: time, tries: 1 })
    expect((await readRow()).error).toMatch(/550 5\.1\.1 nobody of that name.*check the address/)
  })

  test('after a day: given up', async () => {
    services.settings.smtp.port = await chooseFreePort()
    await queue()
    for (let tries = 0; tries < 40 && (await readRow()).state === 'waiting'; tries++) {
      await deliver()
      time = Math.max(time + minute, (await readRow()).due_at)
    }
    expect(await readRow()).toMatchObject({ state: 'failed' })
    expect((await readRow()).error).toMatch(
      /nobody listens at 127\.0\.0\.1:\d+.*check smtp\.host and smtp\.port/,
    )
    expect((await readRow()).ended_at! - (await readRow()).created_at).toBeLessThan(day + 61 * minute)
  })

  test('of a kind that was switched off, or without a server: not sent', async () => {
    services.settings.smtp.host = ''
    await queue()
    await deliver()
    expect((await readRow()).state).toBe('waiting')
    services.settings.notify.locked = false
    await deliver()
    expect(await readRow()).toMatchObject({ state: 'failed', error: 'notify.locked was switched off' })
  })
})

describe('several processes', () => {
  test('no mail goes out twice', async () => {
    await queue(40)
    await Promise.all([deliver(), deliver(), deliver()])
    expect(recipients().sort()).toEqual((await readRows()).map(({ recipient }) => recipient).sort())
    expect((await readRows()).every(({ state, tries }) => state === 'sent' && tries === 1)).toBe(true)
  })

  test('one that ends in the middle sends one mail twice at most, with the same id, and loses none', async () => {
    const held = Promise.withResolvers<void>()
    server.hold = held.promise
    const stopping = new AbortController()
    await queue(3)
    const ended = deliver(stopping.signal)
    await vi.waitFor(() => expect(server.received).toHaveLength(1), 20_000)
    stopping.abort()
    await ended
    held.resolve()
    await deliver()
    expect(recipients()).toEqual([joe, 'user1@example.com', 'user2@example.com'])
    expect((await readRow()).state).toBe('waiting')
    time += 6 * minute
    await deliver()
    expect(recipients()).toEqual([joe, 'user1@example.com', 'user2@example.com', joe])
    expect(server.received[3]!.email.messageId).toBe(server.received[0]!.email.messageId)
    expect((await readRows()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent'])
  })

  test('a mail that is almost sent when the process is to stop is sent once', async () => {
    const held = Promise.withResolvers<void>()
    server.hold = held.promise
    const stopping = new AbortController()
    await queue(2)
    const ended = deliver(stopping.signal)
    await vi.waitFor(() => expect(server.received).toHaveLength(1), 20_000)
    stopping.abort()
    held.resolve()
    await ended
    expect((await readRows()).map(({ state }) => state)).toEqual(['sent', 'waiting'])
  })
})

test('a server that says nothing is left when the process is to stop', async () => {
  await using silent = await startGreeter(null)
  services.settings.smtp.port = silent.port
  const stopping = new AbortController()
  await queue()
  const ended = deliver(stopping.signal)
  await vi.waitFor(() => expect(silent.connections).toBe(1), 20_000)
  stopping.abort()
  await ended
  expect(await readRow()).toMatchObject({ state: 'waiting', tries: 1 })
})

describe('the test mail', () => {
  test('arrives, and its row of the operation log holds what the server said', async () => {
    await useServer({ security: 'starttls', tls: certificate, login })
    expect(await sendTestMail(services, { to: joe })).toEqual({
      to: joe,
      server: `127.0.0.1:${server.port}`,
      response: '250 kept',
    })
    expect(server.received[0]!.email.subject).toBe('Test mail of the mail gateway / 邮件网关测试邮件')
    const row = await services.db
      .selectFrom('operation_log')
      .selectAll()
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    expect(row).toMatchObject({ action: 'notify test', target: joe, result: 'success' })
    expect(row.detail).toContain('250 kept')
    expect(row.detail).not.toContain(login.password)
  })

  test.each([
    [{ to: 'joe' }, 'to'],
    [{ to: 'joe@example.com, root@example.org' }, 'to'],
    [{ to: `${joe}\r\nBcc: root@example.org` }, 'to'],
    [{}, 'to'],
  ])('to %j is refused', async (input, field) => {
    await expect(sendTestMail(services, input)).rejects.toMatchObject({ code: 'invalid', field })
  })

  test('without a server says what to set', async () => {
    services.settings.smtp.host = ''
    await expect(sendTestMail(services, { to: joe })).rejects.toMatchObject({
      code: 'conflict',
      field: 'smtp.host',
    })
  })
})
