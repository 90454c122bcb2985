import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type InProcess, openInProcess } from '../../infra/e2e/in-process.ts'
import { addException, listExceptions, removeException, setException } from './exceptions.ts'
import { listBans } from './find.ts'
import { bansVersionKey } from './list.ts'
import { addBan, removeBan, setBan, showBan } from './manage.ts'

const hour = 3_600_000
let host: InProcess
let services: InProcess['services']
let wall = Date.UTC(2026, 0, 1)

beforeAll(async () => {
  host = await openInProcess({}, { clock: () => wall, steady: () => wall })
  services = host.services
})
afterAll(() => host?.close())
beforeEach(async () => {
  await services.db.deleteFrom('ip_blacklist').execute()
  await services.db.deleteFrom('ip_exceptions').execute()
})

const add = (cidr: string, input: object = {}) =>
  addBan(services, { cidr, duration: hour, reason: 'guesses', ...input })
const cidrsOf = (rows: { cidr: string }[]) => rows.map(({ cidr }) => cidr)
const refusal = (code: string, field: string, message: RegExp) =>
  expect.objectContaining({ name: 'Refusal', code, field, message: expect.stringMatching(message) })
const readBans = async (wanted = {}) => (await listBans(services, wanted)).items
const readExceptions = async (kind: string) => (await listExceptions(services, { kind })).items
const countRows = async () => (await readBans({ state: 'all' })).length
const readVersion = async () => (await services.hot.apply([{ op: 'read', key: bansVersionKey }]))[0]

describe('adding', () => {
  test('answers what is stored, in the one spelling', async () => {
    const row = await add(' 198.51.100.9/24 ', {})
    expect(row).toEqual({
      id: row.id,
      cidr: '198.51.100.0/24',
      event_type: 'manual',
      reason: 'guesses',
      author: 'command line',
      starts_at: wall,
      ends_at: wall + hour,
      evidence: null,
      lifted_at: null,
      in_force: true,
      level: 0,
      version: row.version,
    })
    expect(await showBan(services, row.id)).toEqual(row)
    const eternal = await add('2001:DB8::1', { duration: null })
    expect(eternal).toMatchObject({ cidr: '2001:db8::1/128', ends_at: null, author: 'command line' })
    expect(eternal.version).toBeGreaterThan(row.version)
  })

  const ownAddresses = Object.values(networkInterfaces())
    .flatMap(found => found ?? [])
    .map(({ address }) => address)

  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '127.0.0.0/8',
    '0.0.0.0/0',
    '::1',
    '::/0',
    '::ffff:127.0.0.1',
    ...ownAddresses,
    ...ownAddresses.map(address => `${address}/${address.includes(':') ? 64 : 24}`),
  ])('%s covers this machine: refused, and done with force', async cidr => {
    await expect(add(cidr)).rejects.toEqual(refusal('invalid', 'cidr', /this machine.*--force/))
    expect(await countRows()).toBe(0)
    await add(cidr, { force: true })
    expect(await countRows()).toBe(1)
  })

  test.each([
    ['cidr', { cidr: 'joe' }, /^cidr must be an address such as/],
    ['cidr', { cidr: '198.51.100.0/33' }, /^cidr must be/],
    ['cidr', { cidr: '' }, /^cidr must be/],
    ['cidr', { cidr: undefined }, /^cidr must be/],
    ['reason', { reason: undefined }, /^reason must be text/],
    ['reason', { reason: '' }, /^reason must say why/],
    ['reason', { reason: 'x'.repeat(1_001) }, /^reason must have at most 1000/],
    ['duration', { duration: 0 }, /^duration must be a time such as 1h/],
    ['duration', { duration: -hour }, /^duration must be a time such as 1h/],
    ['duration', { duration: undefined }, /^duration must be a time such as 1h/],
    ['duration', { duration: 1.5 }, /^duration must be a time such as 1h/],
    // Past the year 275760 there are no dates: the list of bans could not be shown any more.
    ['duration', { duration: 8_640_000_000_000_000 }, /^duration must be at most 36500d/],
    ['', { until: 5 }, /until/],
  ])('%s is refused: %j', async (field, input, message) => {
    await expect(add('198.51.100.1', input)).rejects.toEqual(refusal('invalid', field, message))
    expect(await countRows()).toBe(0)
  })
})

describe('ends', () => {
  test('as a time, as a duration, or never; not both, not in the past', async () => {
    const of = async (end: object) =>
      (await addBan(services, { cidr: '198.51.100.1', reason: 'x', ...end })).ends_at
    expect(await of({ ends_at: wall + 5 })).toBe(wall + 5)
    expect([await of({ ends_at: null }), await of({ duration: null })]).toEqual([null, null])
    await expect(of({ ends_at: wall })).rejects.toEqual(refusal('invalid', 'ends_at', /in the future/))
    await expect(of({ ends_at: wall + 40_000 * 86_400_000 })).rejects.toEqual(
      refusal('invalid', 'ends_at', /within 36500d/),
    )
    await expect(of({ ends_at: null, duration: hour })).rejects.toEqual(
      refusal('invalid', 'duration', /exclude each other/),
    )
  })
})

describe('changing', () => {
  test('reason and end, from now; each change has its version, and an old one is refused', async () => {
    const ban = await add('198.51.100.0/24')
    wall += 1
    const changed = await setBan(services, ban.id, { duration: 2 * hour, version: ban.version })
    expect(changed).toEqual({ ...ban, ends_at: wall + 2 * hour, version: changed.version })
    const again = { reason: 'else', version: ban.version }
    await expect(setBan(services, ban.id, again)).rejects.toEqual(
      refusal('conflict', 'version', /somebody else.*look at it again/),
    )
    expect(await setBan(services, '198.51.100.9/24', { reason: 'else', duration: null })).toMatchObject({
      id: ban.id,
      reason: 'else',
      ends_at: null,
    })
  })

  test('nothing, what is over and what never was are refused', async () => {
    const { id } = await add('198.51.100.0/24')
    await expect(setBan(services, id, {})).rejects.toEqual(refusal('invalid', '', /nothing to change/))
    await removeBan(services, id)
    await expect(setBan(services, id, { reason: 'x' })).rejects.toEqual(refusal('conflict', 'ban', /is over/))
    await expect(setBan(services, 'joe', { reason: 'x' })).rejects.toEqual(refusal('not_found', 'ban', /joe/))
  })
})

describe('removing', () => {
  test('by id lifts that one only', async () => {
    const first = await add('198.51.100.0/24')
    const second = await add('198.51.100.0/24')
    expect(await removeBan(services, first.id)).toEqual([first])
    expect(await readBans()).toEqual([second])
  })

  test('by id with a blank behind it, which MySQL takes for the same, lifts no other either', async () => {
    const first = await add('198.51.100.0/24')
    const second = await add('198.51.100.0/24')
    await removeBan(services, `${first.id} `).catch(() => {})
    expect(await readBans()).toContainEqual(second)
  })

  test('by prefix, however it is written, lifts all in force and no other', async () => {
    const rows = [await add('198.51.100.0/24'), await add('198.51.100.0/24', { duration: null })]
    const other = await add('198.51.100.1')
    const lifted = await removeBan(services, '198.51.100.77/24')
    expect(lifted.map(({ id }) => id).toSorted()).toEqual(rows.map(({ id }) => id).toSorted())
    expect(await readBans()).toEqual([other])
  })

  test('what was lifted stays as a record of when', async () => {
    const { id } = await add('198.51.100.0/24', { duration: null })
    wall += 5
    await removeBan(services, id)
    expect(await readBans()).toEqual([])
    expect(await readBans({ state: 'all' })).toMatchObject([{ id, starts_at: wall - 5, ends_at: wall }])
  })

  test('one that is over keeps its end and is not among the lifted', async () => {
    const { id, ends_at } = await add('198.51.100.0/24')
    wall += 2 * hour
    expect(await removeBan(services, '198.51.100.0/24')).toEqual([])
    expect(await showBan(services, id)).toMatchObject({ ends_at })
  })

  test.each(['198.51.100.0/24', '018f0000-0000-7000-8000-000000000000', '', 'joe'])(
    '%j that is no ban is not found',
    async meant => {
      const notFound = refusal(
        'not_found',
        'ban',
        /^no ban is exactly .*; see which contain it: ban list ADDRESS$/,
      )
      await expect(removeBan(services, meant)).rejects.toEqual(notFound)
      await expect(showBan(services, meant)).rejects.toEqual(notFound)
    },
  )
})

describe('listing', () => {
  test('in force, newest first; all with those that are over', async () => {
    for (const [cidr, duration] of [
      ['198.51.100.0/24', hour],
      ['203.0.113.0/25', 2 * hour],
      ['203.0.113.0/24', null],
    ] as const) {
      await add(cidr, { duration })
      wall += 1
    }
    const everything = ['203.0.113.0/24', '203.0.113.0/25', '198.51.100.0/24']
    expect(cidrsOf(await readBans())).toEqual(everything)
    wall += hour
    expect(cidrsOf(await readBans())).toEqual(everything.slice(0, 2))
    expect(cidrsOf(await readBans({ state: 'all' }))).toEqual(everything)
  })

  test('of an address, or a network: those that contain it', async () => {
    for (const cidr of ['198.51.100.0/24', '198.51.100.7', '198.51.0.0/16', '2001:db8::/32']) {
      await add(cidr)
      wall += 1
    }
    const of = async (address: string) => cidrsOf(await readBans({ address }))
    expect(await of('198.51.100.7')).toEqual(['198.51.0.0/16', '198.51.100.7/32', '198.51.100.0/24'])
    expect(await of('198.51.100.0/24')).toEqual(['198.51.0.0/16', '198.51.100.0/24'])
    expect(await of('2001:db8:1::1')).toEqual(['2001:db8::/32'])
    expect(await of('203.0.113.1')).toEqual([])
    await expect(of('joe')).rejects.toEqual(refusal('invalid', 'address', /must be an address/))
  })

  test('a prefix stands for its newest ban', async () => {
    await add('198.51.100.0/24', { reason: 'old' })
    wall += 1
    await add('198.51.100.0/24', { reason: 'new' })
    expect(await showBan(services, '198.51.100.1/24')).toMatchObject({ reason: 'new' })
  })
})

describe('exceptions', () => {
  test('the same one twice is one row, with the newest note, also when both come at once', async () => {
    const cidr = '198.51.100.0/24'
    await addException(services, { kind: 'shared', cidr, note: 'webmail' })
    await addException(services, { kind: 'shared', cidr: '198.51.100.9/24', note: 'new webmail' })
    await addException(services, { kind: 'allow', cidr })
    expect(await readExceptions('shared')).toMatchObject([{ cidr, note: 'new webmail' }])
    expect(await readExceptions('allow')).toMatchObject([{ cidr, note: '' }])
    await Promise.all(Array.from({ length: 5 }, () => addException(services, { kind: 'shared', cidr })))
    expect(await readExceptions('shared')).toHaveLength(1)
  })

  test('removing takes it off one list only; what is not there is not found', async () => {
    const cidr = '198.51.100.0/24'
    await addException(services, { kind: 'shared', cidr })
    await addException(services, { kind: 'allow', cidr })
    await removeException(services, '198.51.100.1/24', 'allow')
    expect([await readExceptions('allow'), await readExceptions('shared')]).toEqual([
      [],
      [expect.objectContaining({ cidr })],
    ])
    const notFound = refusal('not_found', 'cidr', /is not on that list/)
    await expect(removeException(services, cidr, 'allow')).rejects.toEqual(notFound)
  })

  test.each([
    ['cidr', { cidr: '198.51.100' }],
    ['kind', { kind: 'friend' }],
    ['note', { note: 'x'.repeat(1_001) }],
  ])('a bad %s is refused', async (field, input) => {
    const given = { kind: 'allow', cidr: '198.51.100.1', ...input }
    await expect(addException(services, given)).rejects.toEqual(
      refusal('invalid', field, new RegExp(`^${field} `)),
    )
    expect(await readExceptions('allow')).toEqual([])
  })
})

test('the note of an exception is changed at its version only', async () => {
  const { id, version } = await addException(services, { kind: 'allow', cidr: '198.51.100.1' })
  const changed = await setException(services, id, { note: 'scanner', version })
  expect(changed).toMatchObject({ id, note: 'scanner', version: version + 1 })
  await expect(setException(services, id, { note: 'x', version })).rejects.toEqual(
    refusal('conflict', 'version', /somebody else/),
  )
  const replaced = await addException(services, { kind: 'allow', cidr: '198.51.100.1', note: 'office' })
  expect(replaced).toMatchObject({ id, note: 'office', version: version + 2 })
})

test('what people do is in the operation log, each with what was before and after', async () => {
  await services.db.deleteFrom('operation_log').execute()
  const named = { ...services, actor: { name: 'Joe', address: '203.0.113.5' } }
  const input = { cidr: '198.51.100.0/24', duration: null, reason: 'guesses' }
  const ban = await addBan(named, input)
  await setBan(named, ban.id, { reason: 'more guesses' })
  await removeBan(named, ban.id)
  await removeBan(named, ban.id)
  await addException(named, { kind: 'shared', cidr: '198.51.100.0/24', note: 'webmail' })
  await removeException(named, '198.51.100.0/24', 'shared')
  await expect(addBan(named, { ...input, cidr: '203.0.113.0/24' })).rejects.toEqual(
    refusal('invalid', 'cidr', /your own address; give force/),
  )
  const rows = await services.db.selectFrom('operation_log').selectAll().orderBy('id').execute()
  expect(rows.map(({ action, target }) => `${action} ${target}`)).toEqual([
    'ban add 198.51.100.0/24',
    'ban set 198.51.100.0/24',
    'ban remove 198.51.100.0/24',
    'shared add 198.51.100.0/24',
    'shared remove 198.51.100.0/24',
  ])
  expect(ban.author).toBe('Joe')
  expect(JSON.parse(rows[1]!.detail)).toEqual({
    before: { reason: 'guesses' },
    after: { reason: 'more guesses' },
  })
})

test('a proxy that the gateway trusts is not banned without force', async () => {
  const settings = {
    ...services.settings,
    server: { ...services.settings.server, trusted_proxies: ['198.51.100.0/28'] },
  }
  const behind = { ...services, settings }
  for (const cidr of ['198.51.100.3', '198.51.100.0/24']) {
    const input = { cidr, duration: hour, reason: 'x' }
    await expect(addBan(behind, input)).rejects.toEqual(refusal('invalid', 'cidr', /trusted_proxies/))
    await addBan(behind, { ...input, force: true })
  }
})

test('every change is announced, a refused one is not', async () => {
  const steps: [() => Promise<unknown>, boolean][] = [
    [() => add('198.51.100.1'), true],
    [() => add('127.0.0.1'), false],
    [() => removeBan(services, '198.51.100.1'), true],
    [() => removeBan(services, 'joe'), false],
    [() => addException(services, { kind: 'allow', cidr: '198.51.100.1' }), true],
    [() => removeException(services, '198.51.100.1', 'allow'), true],
    [() => removeException(services, '198.51.100.1', 'allow'), false],
  ]
  for (const [step, isNews] of steps) {
    const before = await readVersion()
    await Promise.allSettled([step()])
    expect((await readVersion()) !== before, step.toString()).toBe(isNews)
  }
})
