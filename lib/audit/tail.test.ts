import { afterEach, beforeEach, expect, test } from 'vitest'
import { someAttempt } from '../../infra/e2e/auth-log.ts'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { tailAuthLog } from './tail.ts'

let host: InProcess
let now: number
const clocks = { clock: () => now, steady: () => now }

beforeEach(async () => {
  now = 1_000_000_000
  host = await openInProcess({ MAILGATEWAY_AUTH_DEFAULT_DOMAIN: 'home.example' }, clocks)
})
afterEach(() => host?.close())

const makeRow = (id: string, row: Partial<AuthLogRow> = {}): AuthLogRow => ({
  ...someAttempt,
  request_id: id,
  time: now,
  user: 'joe@home.example',
  result: 'failed',
  reason: 'wrong_password',
  ...row,
})
const insert = (rows: AuthLogRow[]) => host.services.db.insertInto('auth_log').values(rows).execute()
async function tail(query: unknown) {
  const { rows, ...rest } = await tailAuthLog(host.services, query)
  return { ids: rows.map(row => row.request_id), ...rest }
}

test('begins with the latest ten, oldest first', async () => {
  expect((await tail({})).ids).toEqual([])
  await insert(Array.from({ length: 25 }, (_, i) => makeRow(`row-${99 - i}`, { time: now + i })))
  const { ids, next } = await tail({})
  expect(ids).toEqual(Array.from({ length: 10 }, (_, i) => `row-${84 - i}`))
  expect((await tail({ after: next })).ids).toEqual([])
})

test('a row that is written late, under an older id and time, or by a clock that is ahead, comes once', async () => {
  await insert([makeRow('b')])
  let { next } = await tail({})
  const follow = async () => {
    const part = await tail({ after: next })
    next = part.next
    return part.ids
  }
  await insert([makeRow('a', { time: now - 10_000 }), makeRow('c', { time: now + 60_000 })])
  expect(await follow()).toEqual(['a', 'c'])
  for (let seconds = 0; seconds < 100; seconds += 7) {
    now += 7_000
    await insert([makeRow(`late-${seconds}`, { time: now - 12_000 })])
    expect(await follow()).toEqual([`late-${seconds}`])
    expect(await follow()).toEqual([])
  }
  expect(next.seen.length).toBeLessThan(6)
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

test('more than a page, or than is looked at at once, comes in parts, each row once', async () => {
  let { next } = await tail({})
  const count = 12_000
  for (let i = 0; i < count; i += 500)
    await insert(
      Array.from({ length: 500 }, (_, k) => makeRow(`row-${i + k}`, { time: now + ((i + k) % 977) })),
    )
  const seen: string[] = []
  for (let parts = 0; parts < 40; parts++) {
    const part = await tail({ after: next })
    if (parts === 0) expect([part.ids.length, part.more]).toEqual([500, true])
    seen.push(...part.ids)
    next = part.next
    if (!part.more) now += 2_000
  }
  expect(seen).toHaveLength(count)
  expect(new Set(seen).size).toBe(count)
})

test('only one user, in any spelling, or one result', async () => {
  const { next: after } = await tail({})
  const kim = { user: 'kim@home.example' }
  await insert([makeRow('1'), makeRow('2', kim), makeRow('3', { ...kim, result: 'success' }), makeRow('4')])
  for (const query of [{}, { after }]) {
    expect((await tail({ ...query, user: 'KIM' })).ids).toEqual(['2', '3'])
    expect((await tail({ ...query, user: 'KIM', result: 'success' })).ids).toEqual(['3'])
  }
})

test('a row has the columns of the audit row, and no others', async () => {
  const { next: after } = await tail({})
  await insert([makeRow('1')])
  const [[latest], [next]] = [
    (await tailAuthLog(host.services, {})).rows,
    (await tailAuthLog(host.services, { after })).rows,
  ]
  expect(next).toEqual(latest)
  expect(latest).toEqual({ ...makeRow('1'), count: 1, counters: '', client_network: '', node: '' })
})

test('refuses what it does not know', async () => {
  await expect(tail({ result: 'ok' })).rejects.toMatchObject({ code: 'invalid', field: 'result' })
  await expect(tail({ after: 1 })).rejects.toMatchObject({ code: 'invalid', field: 'after' })
})
