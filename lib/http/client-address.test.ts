import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { createClientFinder } from './client-address.ts'

const proxies = ['192.0.2.10/32', '10.0.0.0/8', '2001:db8::/32']

async function find(peer: string, forwarded?: string, trusted = proxies): Promise<string> {
  const findClient = createClientFinder(trusted)
  const app = new Hono().get('/', c => c.text(findClient(c)))
  const headers: Record<string, string> = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded }
  const env = { incoming: { socket: { remoteAddress: peer } } }
  return (await app.request('/', { headers }, env)).text()
}

test.each([
  ['a stranger is not believed', '198.51.100.7', '203.0.113.1', '198.51.100.7'],
  ['a trusted proxy is', '192.0.2.10', '203.0.113.1', '203.0.113.1'],
  ['IPv4 inside IPv6', '::ffff:192.0.2.10', '::ffff:203.0.113.1', '203.0.113.1'],
  ['what its client had written counts for nothing', '10.1.2.3', '127.0.0.1, 203.0.113.1', '203.0.113.1'],
  ['a chain of proxies', '10.1.2.3', '203.0.113.1, 192.0.2.10, 2001:db8::7', '203.0.113.1'],
  ['only proxies', '10.1.2.3', '10.0.0.1,10.0.0.2', '10.0.0.1'],
  ['ports and brackets', '10.1.2.3', '203.0.113.1:4711, [2001:db8::1]:80', '203.0.113.1'],
  ['what is no address', '10.1.2.3', '203.0.113.1, unknown', '10.1.2.3'],
  ['an empty list', '10.1.2.3', '', '10.1.2.3'],
  ['a zone', 'fe80::1%eth0', '203.0.113.1', 'fe80::1'],
  ['a host that does not tell', '', '203.0.113.1', ''],
])('%s', async (_case, peer, forwarded, expected) => {
  expect(await find(peer, forwarded)).toBe(expected)
})

test('without proxies nobody is believed, without the header the proxy itself counts', async () => {
  expect(await find('127.0.0.1', '203.0.113.1', [])).toBe('127.0.0.1')
  expect(await find('10.1.2.3')).toBe('10.1.2.3')
})

test('a cloud function has the address in its event', async () => {
  const findClient = createClientFinder(proxies)
  const app = new Hono().get('/', c => c.text(findClient(c)))
  const env = { requestContext: { http: { sourceIp: '10.1.2.3' } } }
  const response = await app.request('/', { headers: { 'X-Forwarded-For': '203.0.113.1' } }, env)
  expect(await response.text()).toBe('203.0.113.1')
})
