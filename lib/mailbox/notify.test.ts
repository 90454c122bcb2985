import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { enqueue } from '../notify/queue.ts'
import type { Services } from '../runtime/services.ts'
import { addMailbox } from './manage.ts'
import { notifyOwner } from './notify.ts'
import { disableTotp } from './totp.ts'

const joe = 'joe@example.com'
const facts = { time: 5, user: joe, address: '192.0.2.7/32', network: '192.0.2.0/24', event: '' } as const
let own: InProcess
let services: Services
let time = Date.UTC(2026, 0, 1)

beforeAll(async () => {
  own = await openInProcess(
    { MAILGATEWAY_SMTP_HOST: '127.0.0.1', MAILGATEWAY_SMTP_FROM: 'gateway@example.org' },
    { clock: () => time, steady: () => time },
  )
  services = own.services
  await addMailbox(services, { name: joe, password: 'correct horse 1' })
  await addMailbox(services, { name: 'joe', password: 'correct horse 1' })
})
afterAll(() => own?.close())
beforeEach(async () => {
  await services.db.deleteFrom('notifications').execute()
  await services.db.deleteFrom('operation_log').execute()
  services.settings.notify.locked = true
})

const again = (kind: string, name = joe) => notifyOwner(services, { name, kind })

test('the last notice of a kind goes out again with the same facts, and the operation log says who wanted it', async () => {
  await enqueue(services, [{ kind: 'locked', ...facts }])
  await services.db.updateTable('notifications').set({ state: 'sent', ended_at: time }).execute()
  time += 60_000
  const sent = await again('locked')
  expect(sent).toMatchObject({ kind: 'locked', recipient: joe, state: 'waiting', due_at: time })
  const row = await services.db
    .selectFrom('notifications')
    .selectAll()
    .where('id', '=', sent.id)
    .executeTakeFirstOrThrow()
  expect(JSON.parse(row.facts)).toEqual(facts)
  expect(await services.db.selectFrom('operation_log').selectAll().execute()).toMatchObject([
    { action: 'user notify', target: joe, result: 'success', actor: 'command line' },
  ])
})

test('two clicks at once are one mail', async () => {
  await enqueue(services, [{ kind: 'locked', ...facts }])
  await services.db.updateTable('notifications').set({ state: 'sent', ended_at: time }).execute()
  time += 60_000
  const results = await Promise.allSettled([again('locked'), again('locked'), again('locked')])
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  await expect(again('locked')).rejects.toMatchObject({ code: 'conflict', field: 'kind' })
})

test.each([
  ['nothing to tell', 'locked', joe, 'not_found', 'kind'],
  ['no secret', 'totp_enrolled', joe, 'conflict', 'kind'],
  ['no address', 'totp_enrolled', 'joe', 'conflict', 'name'],
  ['no mailbox', 'locked', 'nobody@example.com', 'not_found', 'name'],
  ['not for owners', 'attack', joe, 'invalid', 'kind'],
])('%s', async (_case, kind, name, code, field) => {
  await expect(again(kind, name)).rejects.toMatchObject({ name: 'Refusal', code, field })
  expect(await services.db.selectFrom('notifications').selectAll().execute()).toEqual([])
})

test('not of a kind that is switched off, nor without a mail server', async () => {
  services.settings.notify.locked = false
  await expect(again('locked')).rejects.toMatchObject({ code: 'conflict', field: 'kind' })
  const { host } = services.settings.smtp
  services.settings.smtp.host = ''
  await expect(again('totp_enrolled')).rejects.toMatchObject({ code: 'conflict', field: 'smtp.host' })
  services.settings.smtp.host = host
})

test('a new secret is announced, without being in it', async () => {
  const enrolled = await addMailbox(services, {
    name: 'ann@example.com',
    password: 'correct horse 1',
    totp: true,
  })
  const secret = new URL((enrolled as { otpauth: string }).otpauth).searchParams.get('secret')!
  const row = await again('totp_enrolled', 'ann@example.com')
  const { facts: text } = await services.db
    .selectFrom('notifications')
    .selectAll()
    .where('id', '=', row.id)
    .executeTakeFirstOrThrow()
  expect(text).not.toContain(secret)
  await disableTotp(services, { name: 'ann@example.com' })
})
