import { expect, test } from 'vitest'
import { networkOf, parsePrefix, placeOf } from './rules.ts'

test.each([
  ['192.0.2.7', '192.0.2.7/32'],
  ['192.0.2.7/24', '192.0.2.0/24'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['::ffff:192.0.2.7', '192.0.2.7/32'],
  ['::ffff:192.0.2.7/120', '192.0.2.0/24'],
  ['2001:DB8:0:0::1', '2001:db8::1/128'],
  ['2001:db8:1:2:3::/48', '2001:db8:1::/48'],
  ['::/0', '::/0'],
  [' 10.0.0.0/8 ', '10.0.0.0/8'],
])('%j is %s', (text, canonical) => {
  const prefix = parsePrefix(text)
  expect(prefix?.text).toBe(canonical)
  expect(parsePrefix(canonical)).toEqual(prefix)
})

test.each([
  '',
  'joe',
  '192.0.2',
  '192.0.2.7/33',
  '192.0.2.7/-1',
  '192.0.2.7/',
  '192.0.2.7/24/8',
  '::1/129',
  '::ffff:192.0.2.7/64',
  '0x7f.1',
  '010.0.0.1',
  '1',
  'fe80::1%eth0',
])('%j is neither address nor prefix', text => {
  expect(parsePrefix(text)).toBeNull()
})

test('networks and places', () => {
  expect([networkOf('192.0.2.7'), placeOf('192.0.2.7')]).toEqual(['192.0.2.0/24', '192.0.2.7/32'])
  expect([networkOf('2001:db8:1:2::3'), placeOf('2001:db8:1:2::3')]).toEqual([
    '2001:db8:1::/48',
    '2001:db8:1:2::/64',
  ])
  expect([networkOf('unix:'), placeOf('')]).toEqual([null, null])
})
