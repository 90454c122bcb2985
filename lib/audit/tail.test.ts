import { afterEach, beforeEach, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { tailAuthLog } from './tail.ts'

let host: InProcess

beforeEach(async () => {
  host = await openInProcess({ MAILGATEWAY_AUTH_DEFAULT_DOMAIN: 'home.example' })
})
afterEach(() => host?.close())

const makeRow = (id: string, row: Partial<AuthLogRow> = {}): AuthLogRow => ({
  request_id: id,
  time: 1_000,
  user: 'joe@home.example',
  client_address: '192.0.2.7',
  protocol: 'imap',
  method: 'plain',
  result: 'failed',
  reason: 'wrong_password',
  backend: null,
  duration_ms: 1,
  attempt: 1,
  tls: '',
  ...row,
})
const insert = (rows: AuthLogRow[]) => host.services.db.insertInto('auth_log').values(rows).execute()
async function tail(query: unknown) {
  const { rows, ...rest } = await tailAuthLog(host.services, query)
  return { ids: rows.map(row => row.request_id), ...rest }
}

test('begins with the latest ten, in the order in which they were written', async () => {
  expect(await tail({})).toEqual({ ids: [], next: 0, more: false })
  await insert(Array.from({ length: 25 }, (_, i) => makeRow(`row-${99 - i}`)))
  const { ids, next } = await tail({})
  expect(ids).toEqual(Array.from({ length: 10 }, (_, i) => `row-${84 - i}`))
  expect(await tail({ after: next })).toEqual({ ids: [], next, more: false })
})

test('a row that is written late, under an older id and time, is not missed', async () => {
  await insert([makeRow('b')])
  const { next } = await tail({})
  await insert([makeRow('a', { time: 1 })])
  expect((await tail({ after: next })).ids).toEqual(['a'])
})

test('while many logins write, whoever follows gets every row once', async () => {
  const count = 3_000
  let { next } = await tail({})
  const written = (async () => {
    for (let i = 0; i < count; i += 20) {
      const ids = Array.from({ length: 20 }, (_, k) => `row-${(i + k) * 7919}`)
      await Promise.all(ids.map(id => host.services.audit.append(makeRow(id), 20_000)))
    }
  })()
  const seen: string[] = []
  while (seen.length < count) {
    const part = await tail({ after: next })
    seen.push(...part.ids)
    next = part.next
  }
  await written
  expect(new Set(seen).size).toBe(count)
  expect(seen).toHaveLength(count)
})

test('a full page says that there is more', async () => {
  await insert(Array.from({ length: 700 }, (_, i) => makeRow(`row-${i}`)))
  const first = await tail({ after: 0 })
  expect([first.ids.length, first.more]).toEqual([500, true])
  const second = await tail({ after: first.next })
  expect([second.ids.length, second.more]).toEqual([200, false])
})

test('only one user, in any spelling, or one result; the others are passed over', async () => {
  const kim = { user: 'kim@home.example' }
  const rows = [makeRow('1'), makeRow('2', kim), makeRow('3', { ...kim, result: 'success' }), makeRow('4')]
  await insert(rows)
  for (const query of [{}, { after: 0 }]) {
    expect((await tail({ ...query, user: 'KIM' })).ids).toEqual(['2', '3'])
    expect((await tail({ ...query, user: 'KIM', result: 'success' })).ids).toEqual(['3'])
    expect((await tail({ ...query, user: 'KIM' })).next).toBe((await tail({})).next)
  }
})

test('a row has the columns of the audit row, and no others', async () => {
  await insert([makeRow('1')])
  const [[latest], [next]] = [
    (await tailAuthLog(host.services, {})).rows,
    (await tailAuthLog(host.services, { after: 0 })).rows,
  ]
  expect(next).toEqual(latest)
  expect(latest).toEqual({ ...makeRow('1'), count: 1, counters: '', client_network: '' })
})

test('refuses what it does not know', async () => {
  await expect(tail({ result: 'ok' })).rejects.toMatchObject({ code: 'invalid', field: 'result' })
  await expect(tail({ after: 'x' })).rejects.toMatchObject({ message: 'after must be a whole number' })
})
