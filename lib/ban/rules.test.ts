import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPrefixMap, networkOf, parsePrefix, placeOf } from './rules.ts'

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

test('finds exactly the entries that contain the address, as looking at each one does', () => {
  const ipv4 = fc
    .tuple(fc.nat(3), fc.nat(3), fc.nat(255), fc.integer({ min: 0, max: 32 }))
    .map(([a, b, c, n]) => `10.${a}.${b}.${c}/${n}`)
  const ipv6 = fc
    .tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 0, max: 128 }))
    .map(([a, b, n]) => `2001:db8:${a}::${b}/${n}`)
  fc.assert(
    fc.property(
      fc.array(fc.oneof(ipv4, ipv6), { maxLength: 30 }),
      fc.oneof(ipv4, ipv6),
      fc.array(fc.nat(29)),
      (cidrs, probe, gone) => {
        const map = createPrefixMap<string>()
        for (const [i, cidr] of cidrs.entries()) map.set(parsePrefix(cidr)!, `${i}`, `${i}`)
        for (const i of gone) if (i < cidrs.length) map.delete(parsePrefix(cidrs[i]!)!, `${i}`)
        const address = probe.split('/')[0]!
        const bare = parsePrefix(address)!
        const expected = cidrs.flatMap((cidr, i) => {
          const prefix = parsePrefix(cidr)!
          if (gone.includes(i) || prefix.family !== bare.family) return []
          return bare.bits >> BigInt(bare.length - prefix.length) === prefix.bits ? [`${i}`] : []
        })
        expect(map.find(address).toSorted()).toEqual(expected.toSorted())
      },
    ),
    { numRuns: 500 },
  )
})
