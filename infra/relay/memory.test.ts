import { expect, test } from 'vitest'
import type { Hold } from '../../lib/edge/hold.ts'
import { createMemory } from './memory.ts'

const ban: Hold = { reason: 'banned', prefix: '192.0.2.0/24', ofUser: false, ms: 60_000 }
const lock: Hold = { reason: 'locked', prefix: '192.0.2.0/24', ofUser: true, ms: 5_000 }

function open() {
  let now = 0
  const memory = createMemory(() => now)
  return { memory, pass: (ms: number) => (now += ms) }
}

test('a ban holds for everybody in its network, until it is over', () => {
  const { memory, pass } = open()
  memory.note(ban, 'joe@example.com')
  expect(memory.find('192.0.2.77', 'ann@example.com')).toBe('banned')
  expect(memory.find('::ffff:192.0.2.77', '')).toBe('banned')
  expect(memory.find('192.0.3.77', 'joe@example.com')).toBeNull()
  expect(memory.find('unix:', 'joe@example.com')).toBeNull()
  pass(60_000)
  expect(memory.find('192.0.2.77', 'joe@example.com')).toBeNull()
})

test('a lock holds for its user alone, in whatever letters', () => {
  const { memory, pass } = open()
  memory.note(lock, 'Joe@Example.COM')
  expect(memory.find('192.0.2.77', 'joe@example.com')).toBe('locked')
  expect(memory.find('192.0.2.77', 'ann@example.com')).toBeNull()
  memory.note({ ...lock, ms: 9_000 }, 'joe@example.com')
  expect(memory.size()).toBe(1)
  pass(8_000)
  expect(memory.find('192.0.2.77', 'joe@example.com')).toBe('locked')
})

test('it stays small: what is over goes, then the oldest', () => {
  const { memory, pass } = open()
  const network = (n: number) => `10.${n >> 8}.${n & 255}.0/24`
  for (let n = 0; n < 12_000; n++) memory.note({ ...ban, prefix: network(n) }, '')
  expect(memory.size()).toBe(10_000)
  expect(memory.find('10.0.0.1', '')).toBeNull()
  expect(memory.find('10.46.223.1', '')).toBe('banned')
  pass(60_000)
  memory.note(ban, '')
  expect(memory.size()).toBe(1)
})
