import { afterAll, beforeAll, expect, test } from 'vitest'
import { createResolver } from './resolve.ts'
import { type NameServer, startNameServer } from './test-servers.ts'

let dns: NameServer
let now = 1_000_000
const clock = () => now

const first = '192.0.2.1 mail.test\n192.0.2.10 two.test\n2001:db8::10 two.test\n2001:db8::6 six.test'

beforeAll(async () => {
  dns = await startNameServer(first)
})
afterAll(() => dns.kill())

test('addresses pass as they are', async () => {
  const resolver = createResolver({ settings: { dns_servers: ['127.0.0.1:1'] }, clock })
  expect((await resolver.resolve('192.0.2.7')).addresses).toEqual(['192.0.2.7'])
  expect((await resolver.resolve('2001:db8::7')).addresses).toEqual(['2001:db8::7'])
})

test('A and AAAA records', async () => {
  const resolver = createResolver({ settings: { dns_servers: [dns.server] }, clock })
  expect((await resolver.resolve('mail.test')).addresses).toEqual(['192.0.2.1'])
  expect((await resolver.resolve('six.test')).addresses).toEqual(['2001:db8::6'])
  const two = await resolver.resolve('two.test')
  expect(two).toEqual({
    addresses: ['192.0.2.10', '2001:db8::10'],
    resolvedAt: now,
    lastError: null,
    askedAt: now,
    ttlMs: 1_000,
  })
  expect(resolver.peek('two.test')).toEqual(two)
  expect(resolver.peek('never-asked.test')).toBeNull()
})

test('an unknown name has no address and says so; the hosts file is not asked when servers are given', async () => {
  const resolver = createResolver({ settings: { dns_servers: [dns.server] }, clock })
  expect(await resolver.resolve('absent.test')).toMatchObject({
    addresses: [],
    resolvedAt: null,
    lastError: 'the name has no address',
  })
  expect((await resolver.resolve('localhost')).addresses).toEqual([])
})

test('the hosts file of the machine serves when no servers are given', async () => {
  const resolver = createResolver({ settings: { dns_servers: [] }, clock })
  expect((await resolver.resolve('localhost')).addresses).toContain('127.0.0.1')
})

test('concurrent calls share one lookup', async () => {
  const resolver = createResolver({ settings: { dns_servers: [dns.server] }, clock })
  const all = await Promise.all(Array.from({ length: 50 }, () => resolver.resolve('mail.test')))
  expect(new Set(all).size).toBe(1)
})

test('a changed address is followed after its time to live, and DNS gone keeps the last one', async () => {
  const server = await startNameServer('192.0.2.1 moving.test')
  try {
    const resolver = createResolver({ settings: { dns_servers: [server.server] }, clock })
    const addresses = async (maxStaleMs?: number) =>
      (await resolver.resolve('moving.test', maxStaleMs)).addresses
    expect(await addresses()).toEqual(['192.0.2.1'])
    await server.serve('192.0.2.2 moving.test\n2001:db8::2 moving.test')
    now += 999
    expect(await addresses(0)).toEqual(['192.0.2.1'])
    now += 1
    // Expired: the login gets the old one at once, the lookup runs, whoever waits gets the new one.
    expect(await addresses()).toEqual(['192.0.2.1'])
    expect(await addresses(0)).toEqual(['192.0.2.2', '2001:db8::2'])
    expect(await addresses()).toEqual(['192.0.2.2', '2001:db8::2'])

    const resolvedAt = now
    await server.kill()
    now += 3_600_000
    const kept = await resolver.resolve('moving.test')
    expect(kept).toMatchObject({ addresses: ['192.0.2.2', '2001:db8::2'], resolvedAt, askedAt: now })
    expect(kept.lastError).toMatch(/name lookup failed|no answer within/)
  } finally {
    await server.kill()
  }
})

test('a clock that was set back does not make an answer young again', async () => {
  const resolver = createResolver({ settings: { dns_servers: [dns.server] }, clock })
  const before = await resolver.resolve('mail.test')
  now -= 60_000
  const after = await resolver.resolve('mail.test')
  expect(after).not.toBe(before)
  expect(after.askedAt).toBe(now)
})
