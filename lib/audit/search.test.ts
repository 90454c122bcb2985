import { afterAll, beforeAll, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { searchAuthLog } from './search.ts'

let host: InProcess
const now = 1_800_000_000_000
const minute = 60_000

beforeAll(async () => {
  host = await openInProcess({ MAILGATEWAY_AUTH_DEFAULT_DOMAIN: 'home.example' })
  const row = (i: number, user: string, result: 'success' | 'failed', minutesAgo: number): AuthLogRow => ({
    request_id: `row-${i}`,
    time: now - minutesAgo * minute,
    user,
    client_address: '192.0.2.7',
    protocol: 'imap',
    method: 'plain',
    result,
    reason: result === 'success' ? 'ok' : 'wrong_password',
    backend: result === 'success' ? '127.0.0.1:143' : null,
    duration_ms: 1,
    attempt: 1,
    tls: 'TLSv1.3',
    count: 1,
    counters: '',
    client_network: '',
  })
  const rows = [
    row(1, 'joe@home.example', 'success', 120),
    row(2, 'joe@home.example', 'failed', 60),
    row(3, 'jane@home.example', 'failed', 30),
    row(4, 'joe@home.example', 'failed', 10),
    row(5, 'joe@home.example', 'failed', 10),
    row(6, 'joe @x.org', 'failed', 5),
    row(7, '%', 'failed', 4),
  ]
  await host.services.db.insertInto('auth_log').values(rows).execute()
})
afterAll(() => host?.close())

async function search(query: unknown): Promise<number[]> {
  const { logDb, settings } = host.services
  const rows = await searchAuthLog({ logDb, settings, clock: () => now }, query)
  return rows.map(({ request_id }) => Number(request_id.slice('row-'.length)))
}

test.each([
  ['everything, newest first, the later id first at one time', {}, [7, 6, 5, 4, 3, 2, 1]],
  ['one user', { user: 'joe@home.example' }, [5, 4, 2, 1]],
  ['one user in another spelling', { user: 'JOE' }, [5, 4, 2, 1]],
  ['a text that is no name, as it was sent', { user: 'joe @x.org' }, [6]],
  ['no wildcards', { user: '%' }, []],
  ['nobody', { user: 'nobody' }, []],
  ['successes', { result: 'success' }, [1]],
  ['since, the edge included', { since: 60 * minute }, [7, 6, 5, 4, 3, 2]],
  ['since, just behind the edge', { since: 60 * minute - 1 }, [7, 6, 5, 4, 3]],
  ['a limit', { limit: 2 }, [7, 6]],
  ['all of it together', { user: 'joe', result: 'failed', since: 90 * minute, limit: 2 }, [5, 4]],
])('%s', async (_, query, ids) => {
  expect(await search(query)).toEqual(ids)
})

test('a row comes back with every column', async () => {
  const { logDb, settings } = host.services
  const [row] = await searchAuthLog({ logDb, settings, clock: () => now }, { result: 'success' })
  expect(row).toEqual({
    request_id: 'row-1',
    time: now - 120 * minute,
    user: 'joe@home.example',
    client_address: '192.0.2.7',
    protocol: 'imap',
    method: 'plain',
    result: 'success',
    reason: 'ok',
    backend: '127.0.0.1:143',
    duration_ms: 1,
    attempt: 1,
    tls: 'TLSv1.3',
    count: 1,
    counters: '',
    client_network: '',
  })
})

test.each([
  [{ user: 5 }, 'user', 'user must be text'],
  [{ result: 'ok' }, 'result', 'result must be success or failed'],
  [{ since: 0 }, 'since', 'since must be a time such as 1h'],
  [{ since: '1h' }, 'since', 'since must be a time such as 1h'],
  [{ limit: 0 }, 'limit', 'limit must be 1 to 10000'],
  [{ limit: 10_001 }, 'limit', 'limit must be 1 to 10000'],
  [{ limit: 1.5 }, 'limit', 'limit must be a whole number'],
])('refuses %j', async (query, field, message) => {
  await expect(search(query)).rejects.toMatchObject({ name: 'Refusal', code: 'invalid', field, message })
})
