import { expect, test } from 'vitest'
import { findExcess, type Hold } from './hold.ts'
import { readHold } from './read-hold.ts'

const hold: Hold = { reason: 'banned', prefix: '192.0.2.0/24', ofUser: false, ms: 60_000 }
const elsewhere = 'it does not hold where the client is'

test.each([
  ['192.0.2.7', {}, null],
  ['192.0.2.7', { prefix: '192.0.2.7/32' }, null],
  ['192.0.2.7', { prefix: '192.0.0.0/8' }, null],
  ['192.0.2.7', { prefix: '192.0.0.0/7' }, 'it is wider than a /8'],
  ['192.0.2.7', { prefix: '0.0.0.0/0' }, 'it is wider than a /8'],
  ['2001:db8::7', { prefix: '2001::/16' }, null],
  ['2001:db8::7', { prefix: '2000::/15' }, 'it is wider than a /16'],
  ['192.0.3.7', {}, elsewhere],
  ['2001:db8::7', {}, elsewhere],
  ['2001:db8::7', { prefix: '0.0.0.0/0' }, elsewhere],
  ['unix:', {}, elsewhere],
  ['', {}, elsewhere],
  ['192.0.2.7', { prefix: 'everywhere' }, elsewhere],
  ['192.0.2.7', { ms: 60_001 }, 'it is longer than 60 s'],
])('at %s %j: %s', (client, changes, excess) => {
  expect(findExcess({ ...hold, ...changes }, client)).toBe(excess)
})

test('what is longer than any prefix is no hold', () => {
  const longest = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128'
  const read = (prefix: string) => readHold(JSON.stringify({ ...hold, prefix }))
  expect(read(longest)).toEqual({ ...hold, prefix: longest })
  expect(read(`${longest}0`)).toBeNull()
})
