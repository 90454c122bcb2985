import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPrefixMap } from './prefix-map.ts'
import { parsePrefix } from './rules.ts'

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
