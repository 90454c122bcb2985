import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { addBans, mostLines } from './bulk.ts'
import { listBans } from './find.ts'
import { addBan, removeBan } from './manage.ts'

const hour = 3_600_000
let host: InProcess
let services: InProcess['services']

beforeAll(async () => {
  host = await openInProcess()
  services = host.services
})
afterAll(() => host?.close())
beforeEach(async () => {
  await services.db.deleteFrom('ip_blacklist').execute()
  await services.db.deleteFrom('operation_log').execute()
})

const add = (text: string, input: object = {}) =>
  addBans(services, { text, duration: hour, reason: 'feed', ...input })
const readAll = async () =>
  (await listBans(services, { limit: 1_000 })).items.map(({ cidr, reason }) => [cidr, reason]).toSorted()

const list = `# from the firewall
198.51.100.1
 198.51.100.9/24   # a whole network

2001:db8::1#v6\r
198.51.100.1/32
`

test('addresses and networks, comments as reasons, blank lines, and one that is there twice', async () => {
  const expected = {
    dry_run: false,
    added: 3,
    duplicates: [{ line: 6, cidr: '198.51.100.1/32' }],
    errors: [],
  }
  expect(await add(list, { dry_run: true })).toEqual({ ...expected, dry_run: true })
  expect(await readAll()).toEqual([])
  expect(await add(list)).toEqual(expected)
  expect(await readAll()).toEqual([
    ['198.51.100.0/24', 'a whole network'],
    ['198.51.100.1/32', 'feed'],
    ['2001:db8::1/128', 'v6'],
  ])
  const [row, ...more] = await services.db.selectFrom('operation_log').selectAll().execute()
  expect([row?.action, row?.target, more]).toEqual(['ban import', '3 prefixes', []])
})

test('the second time nothing is added; one that lasts longer is, and what was lifted', async () => {
  const end = { duration: undefined, ends_at: Date.now() + hour }
  await add(list, end)
  expect(await add(list, end)).toMatchObject({ added: 0, duplicates: [2, 3, 5, 6].map(line => ({ line })) })
  expect(await add('198.51.100.1', { duration: null })).toMatchObject({ added: 1 })
  expect(await add('198.51.100.1')).toMatchObject({ added: 0 })
  await removeBan(services, '198.51.100.1')
  expect(await add('198.51.100.1')).toMatchObject({ added: 1 })
})

test('bad lines stop all, or are passed over; each says why', async () => {
  const bad = `198.51.100.1\njoe\n127.0.0.1\n198.51.100.2 # ${'x'.repeat(1_001)}`
  const errors = [
    { line: 2, message: expect.stringMatching(/^must be an address/) },
    { line: 3, message: expect.stringMatching(/this machine.*give force/) },
    { line: 4, message: expect.stringMatching(/at most 1000/) },
  ]
  expect(await add(bad)).toEqual({ dry_run: false, added: 0, duplicates: [], errors })
  expect(await readAll()).toEqual([])
  expect(await add(bad, { on_error: 'skip' })).toMatchObject({ added: 1, errors })
  expect(await add('127.0.0.1', { force: true })).toMatchObject({ added: 1, errors: [] })
})

test('nothing in it, and too much of it', async () => {
  expect(await add('\n# only comments\n')).toMatchObject({ added: 0, errors: [] })
  const many = Array.from({ length: mostLines }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  await expect(add([...many, '192.0.2.1'].join('\n'))).rejects.toThrow('at most 10000 lines')
  expect(await add(many.join('\n'))).toMatchObject({ added: mostLines, errors: [] })
  expect((await listBans(services)).total).toBe(mostLines)
  expect(await services.bans.standingOf('10.39.15.7', 'another version')).toMatchObject({
    ban: { cidr: '10.39.15.0/24' },
  })
})

test('one that ends sooner by hand, or was made by a counter, is no duplicate', async () => {
  await addBan(services, { cidr: '198.51.100.1', duration: 1_000, reason: 'short' })
  expect(await add('198.51.100.1')).toMatchObject({ added: 1, duplicates: [] })
})
