import { BlockList, isIPv4 } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPrefixMap } from './prefix-map.ts'
import { parsePrefix } from './rules.ts'

/** Node's own word on it. */
function holds(cidr: string, address: string): boolean {
  const [network = '', length] = cidr.split('/')
  const family = isIPv4(network) ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(network, Number(length), family)
  return isIPv4(address) === isIPv4(network) && list.check(address, family)
}

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
        const expected = cidrs.flatMap((cidr, i) =>
          !gone.includes(i) && holds(cidr, address) ? [`${i}`] : [],
        )
        expect(map.find(address).toSorted()).toEqual(expected.toSorted())
      },
    ),
    { numRuns: 500 },
  )
})
