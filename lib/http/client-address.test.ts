import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { createClientFinder, type TrustSettings } from './client-address.ts'

const proxies = ['192.0.2.10/32', '10.0.0.0/8', '2001:db8::/32']

const byAddress: TrustSettings = { trusted_proxies: proxies, proxy_secret: [] }

async function find(
  peer: string,
  forwarded: string | undefined,
  trust = byAddress,
  shown: string[] = [],
): Promise<string> {
  const findClient = createClientFinder(trust)
  const app = new Hono().get('/', c => c.text(findClient(c)))
  const headers = [
    ...(forwarded === undefined ? [] : [['X-Forwarded-For', forwarded]]),
    ...shown.map(key => ['X-Proxy-Key', key]),
  ] as [string, string][]
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
  const nobody = { ...byAddress, trusted_proxies: [] }
  expect(await find('127.0.0.1', '203.0.113.1', nobody)).toBe('127.0.0.1')
  expect(await find('10.1.2.3', undefined)).toBe('10.1.2.3')
})

const [secret, older] = ['k3J9x0Qw'.repeat(4), 'Zp6Rt2Vb'.repeat(4)]
const bySecret: TrustSettings = { trusted_proxies: [], proxy_secret: [secret, older] }
const byBoth: TrustSettings = { ...bySecret, trusted_proxies: proxies }

test.each([
  ['whoever shows it is a proxy', bySecret, [secret], '203.0.113.1', '203.0.113.1'],
  ['or the older one', bySecret, [older], '203.0.113.1', '203.0.113.1'],
  ['not without it, from whatever address', byBoth, [], '203.0.113.1', '10.1.2.3'],
  ['nor with a wrong one', byBoth, [`${secret}!`], '203.0.113.1', '10.1.2.3'],
  ['nor with an empty one', byBoth, [''], '203.0.113.1', '10.1.2.3'],
  ['nor with both at once', byBoth, [`${secret},${older}`], '203.0.113.1', '10.1.2.3'],
  ['nor when the one of the proxy stands behind another', byBoth, ['x', secret], '203.0.113.1', '10.1.2.3'],
  [
    'it is that of one proxy, not of those before it',
    bySecret,
    [secret],
    '203.0.113.1, 10.0.0.1',
    '10.0.0.1',
  ],
  [
    'which are known by their addresses',
    byBoth,
    [secret],
    '203.0.113.1, 192.0.2.10, 10.0.0.1',
    '203.0.113.1',
  ],
  ['and believed no further', byBoth, [secret], '127.0.0.1, 203.0.113.1, 10.0.0.1', '203.0.113.1'],
  ['what is no address', bySecret, [secret], 'unknown', '10.1.2.3'],
])('with a secret: %s', async (_case, trust, shown, forwarded, expected) => {
  expect(await find('10.1.2.3', forwarded, trust, shown)).toBe(expected)
})

test('a cloud function has the address in its event', async () => {
  const findClient = createClientFinder(byAddress)
  const app = new Hono().get('/', c => c.text(findClient(c)))
  const env = { requestContext: { http: { sourceIp: '10.1.2.3' } } }
  const response = await app.request('/', { headers: { 'X-Forwarded-For': '203.0.113.1' } }, env)
  expect(await response.text()).toBe('203.0.113.1')
})
