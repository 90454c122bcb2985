/** Cases of live-settings.test.ts about the mail server and what it is sent: each ends in a mail that came, or did not. */
import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { deliverDue } from '../../lib/notify/deliver.ts'
import type { Services } from '../../lib/runtime/services.ts'
import type { SettingKey } from '../../lib/settings/definitions.ts'
import {
  type Language,
  type NoticeKind,
  noticeKinds,
  notifySettings,
} from '../../lib/settings/notify-settings.ts'
import type { Api } from './api.ts'
import { makeCertificate } from './certificate.ts'
import { newName, newPlace } from './guessers.ts'
import { type MailServer, type Received, startMailServer } from './mail-server.ts'
import { chooseFreePort } from './ports.ts'

type Values = Partial<Record<SettingKey, string>>

interface World {
  api(): Api
  services(): Services
  set(values: Values): Promise<void>
  addMailbox(input?: object): Promise<{ name: string }>
  login(user: string): Promise<unknown>
  guess(user: string, from?: string): Promise<unknown>
  /** For files. */
  folder: string
}

export function notifyCases({ api, services, set, addMailbox, login, guess, folder }: World) {
  /** What does not work with that server, and what is said then. */
  const wrong = {
    'smtp.host': ['127.0.0.3', 'nobody listens at 127.0.0.3'],
    'smtp.port': [undefined, 'nobody listens'],
    'smtp.security': ['tls', 'no encrypted connection'],
    'smtp.tls_ca': ['', 'no encrypted connection'],
    'smtp.user': ['somebody@example.org', 'refused the login'],
    'smtp.password': ['open the door', 'refused the login'],
    'smtp.from': ['', 'set smtp.host and smtp.from'],
  } as const

  const trySmtp = async (key: keyof typeof wrong) => {
    const account = { user: 'gateway@example.org', password: 'open the mail, sesame' }
    const tls = makeCertificate(folder)
    await using server = await startMailServer({ security: 'starttls', login: account, tls })
    const right = {
      'smtp.host': '127.0.0.1',
      'smtp.port': `${server.port}`,
      'smtp.security': 'starttls',
      'smtp.tls_ca': tls.certificate,
      'smtp.user': account.user,
      'smtp.password': account.password,
      'smtp.from': 'Mail gateway <notices@example.org>',
    }
    const [value = `${await chooseFreePort()}`, said] = wrong[key]
    const sendTest = () => api().ask('POST /api/notifications/test', 'superadmin', { to: 'root@example.org' })
    await set({ ...right, [key]: value })
    const refused = await sendTest()
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([409, expect.stringContaining(said)])
    await set({ [key]: right[key] })
    expect(await sendTest()).toMatchObject({ status: 200, body: { response: '250 kept' } })
    const mail = { from: 'notices@example.org', to: ['root@example.org'], user: account.user, tls: true }
    expect(server.received).toMatchObject([mail])
  }

  const newAddress = () => `${randomUUID()}@example.org`

  /** What people do that somebody is told of. Resolves to whom. */
  const triggers: Record<NoticeKind, () => Promise<string>> = {
    totp_enrolled: async () => (await addMailbox({ totp: true })).name,
    locked: async () => {
      await set({ 'auth.max_fail_attempts': '1' })
      const { name } = await addMailbox()
      await guess(name)
      return name
    },
    new_network: async () => {
      const { name } = await addMailbox()
      await login(name)
      await login(name)
      return name
    },
    attack: async () => {
      const [admin, from] = [newAddress(), newPlace()]
      await set({ 'notify.admins': admin, 'guessing.spraying_limit': '2' })
      await guess(newName(), from)
      await guess(newName(), from)
      return admin
    },
  }

  const useServer = async () => {
    const server = await startMailServer()
    const from = 'gateway@example.org'
    const place = { 'smtp.host': '127.0.0.1', 'smtp.port': `${server.port}` }
    await set({ ...place, 'smtp.security': 'none', 'smtp.from': from })
    return server
  }

  const mailsTo = ({ received }: MailServer, recipient: string) =>
    received.filter(({ to }) => to.includes(recipient))

  /** The one mail to them, once it has come. */
  const receive = async (server: MailServer, recipient: string): Promise<Received['email']> => {
    const count = async () => {
      // Not in a second, when it would be written by itself.
      await services().notices.flush()
      await deliverDue(services(), new AbortController().signal)
      return mailsTo(server, recipient).length
    }
    await expect.poll(count, { interval: 200, timeout: 10_000 }).toBe(1)
    return mailsTo(server, recipient)[0]!.email
  }

  const trySwitch = async (kind: NoticeKind) => {
    await using server = await useServer()
    await set({ [`notify.${kind}`]: 'off' })
    const untold = await triggers[kind]()
    await set({ [`notify.${kind}`]: 'on' })
    await receive(server, await triggers[kind]())
    expect(mailsTo(server, untold)).toEqual([])
  }

  const tryText = async (key: string, kind: NoticeKind, part: 'subject' | 'text', language: Language) => {
    await using server = await useServer()
    await set({ [key]: `Our ${key}, at {time}`, 'notify.language': language })
    const email = await receive(server, await triggers[kind]())
    expect(email[part]?.trim()).toMatch(new RegExp(`^Our ${key}, at 20[-\\d]{8} \\d\\d:\\d\\d UTC$`))
  }

  const ownText = new RegExp(`^notify\\.(${noticeKinds.join('|')})_(subject|text)_(en|zh)$`)
  const texts = Object.keys(notifySettings).flatMap(key => {
    const [, kind, part, language] = ownText.exec(key) ?? []
    if (!kind) return []
    const work = () => tryText(key, kind as NoticeKind, part as 'subject' | 'text', language as Language)
    return [[key, work] as const]
  })

  return {
    ...Object.fromEntries(
      (Object.keys(wrong) as (keyof typeof wrong)[]).map(key => [key, () => trySmtp(key)]),
    ),
    ...Object.fromEntries(noticeKinds.map(kind => [`notify.${kind}`, () => trySwitch(kind)])),
    ...Object.fromEntries(texts),
    'notify.language': async () => {
      await using server = await useServer()
      for (const [language, subject] of [
        ['en', 'One-time codes for your mailbox {user}'],
        ['zh', '邮箱 {user} 的动态验证码'],
      ] as const) {
        await set({ 'notify.language': language })
        const user = await triggers.totp_enrolled()
        expect((await receive(server, user)).subject).toBe(subject.replace('{user}', user))
      }
    },
    'notify.admins': async () => {
      await using server = await useServer()
      const first = await triggers.attack()
      await receive(server, first)
      await receive(server, await triggers.attack())
      expect(mailsTo(server, first)).toHaveLength(1)
    },
  }
}
