/** `npm run bench:bans`: what it costs to find the bans of an address among 100,000 of all prefix lengths. */
import { createPrefixMap } from '../../lib/ban/prefix-map.ts'
import { parsePrefix } from '../../lib/ban/rules.ts'

const entries = 100_000
const probes = 20_000
const rounds = 5

/** Numbers that look random and are the same in every run (a linear congruential generator). */
function createNumbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const next = createNumbers(1)
const ipv4 = () => Array.from({ length: 4 }, () => next(256)).join('.')
const ipv6 = () => `2001:${Array.from({ length: 7 }, () => next(65_536).toString(16)).join(':')}`

const cidrs = Array.from({ length: entries }, () =>
  next(2) === 0 ? `${ipv4()}/${8 + next(25)}` : `${ipv6()}/${20 + next(109)}`,
)
const map = createPrefixMap<number>()
const fillingFrom = performance.now()
for (const [i, cidr] of cidrs.entries()) map.set(parsePrefix(cidr)!, `${i}`, i)
console.log(`${entries} entries filled in ${(performance.now() - fillingFrom).toFixed(0)} ms`)

const inside = (family: ':' | '.') => {
  const networks = cidrs.filter(cidr => cidr.includes(family)).map(cidr => cidr.split('/')[0]!)
  return Array.from({ length: probes }, () => networks[next(networks.length)]!)
}
const kinds: Record<string, string[]> = {
  'IPv4, in entries': inside('.'),
  'IPv4, anywhere': Array.from({ length: probes }, ipv4),
  'IPv6, in entries': inside(':'),
  'IPv6, anywhere': Array.from({ length: probes }, ipv6),
}

for (const [kind, addresses] of Object.entries(kinds)) {
  const times: number[] = []
  let found = 0
  for (let round = 0; round < rounds; round++) {
    const from = performance.now()
    for (const address of addresses) found += map.find(address).length
    times.push(((performance.now() - from) / probes) * 1_000)
  }
  const best = Math.min(...times).toFixed(2)
  const worst = Math.max(...times).toFixed(2)
  const each = (found / probes / rounds).toFixed(1)
  console.log(`${kind.padEnd(18)} ${best} to ${worst} µs per look-up, ${each} entries found in each`)
}
