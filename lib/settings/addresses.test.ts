import { expect, test } from 'vitest'
import { dnsServers, domainOrNone, host, isLocalListen, listenAddress } from './addresses.ts'
import { isRejected } from './values.ts'

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]', '::1'],
  [' db_1.internal ', 'db_1.internal'],
])('%j is a host', (text, expected) => {
  expect(host.read(text)).toBe(expected)
})

test.each(['', '256.1.1.1', 'a b', 'host:80', '-a.org', 'a..b', `${'a'.repeat(64)}.org`, '*'])(
  '%j is no host',
  text => {
    expect(isRejected(host.read(text))).toBe(true)
  },
)

test('a listen address may be a unix socket with a path that the kernel can hold', () => {
  const longest = `unix:${'s'.repeat(107)}`
  expect(listenAddress.read('unix:run/auth.sock')).toBe('unix:run/auth.sock')
  expect(listenAddress.read(longest)).toBe(longest)
  for (const text of ['unix:', `${longest}s`, '']) expect(isRejected(listenAddress.read(text))).toBe(true)
})

test('only loopback, localhost and sockets are local', () => {
  const local = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'LocalHost', 'unix:a.sock']
  const open = [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '2001:db8::1',
    'mail.example.org',
    'localhost.example.org',
  ]
  expect(local.filter(address => !isLocalListen(address))).toEqual([])
  expect(open.filter(isLocalListen)).toEqual([])
})

test.each([
  ['Example.ORG', 'example.org'],
  ['例子.CN', 'xn--fsqu00a.cn'],
  ['xn--p1ai', 'xn--p1ai'],
  ['', ''],
])('the domain %j is kept as %j', (text, expected) => {
  expect(domainOrNone.read(text)).toBe(expected)
})

test.each(['exa mple.org', '1.2.3', 'a%62.org', '@example.org', 'a/b', '[::1]'])('%j is no domain', text => {
  expect(isRejected(domainOrNone.read(text))).toBe(true)
})

test('DNS servers are a list of addresses with optional ports', () => {
  expect(dnsServers.read('192.0.2.53, 192.0.2.54:5353,2001:db8::53,[2001:db8::53]:53')).toEqual([
    '192.0.2.53',
    '192.0.2.54:5353',
    '2001:db8::53',
    '[2001:db8::53]:53',
  ])
  expect(dnsServers.read('')).toEqual([])
  for (const text of [
    'dns.example.org',
    '192.0.2.53,',
    '192.0.2.53:0',
    '192.0.2.53:70000',
    '[192.0.2.53]:53',
  ])
    expect(isRejected(dnsServers.read(text))).toBe(true)
})
