import { expect, test } from 'vitest'
import { describeHotState } from './contract.ts'
import { createMemoryHotState } from './memory.ts'
import { HotStateFull } from './port.ts'

describeHotState('memory', async () => {
  let now = 1_000
  return {
    hot: createMemoryHotState(() => now),
    pass: async ms => {
      now += ms
    },
  }
})

test('full: cached values make room, then counters, each oldest first; claims and tombstones never', async () => {
  const hot = createMemoryHotState(() => 0, 5)
  const value = (key: string) => ({ op: 'write', key, value: 'x', ttlMs: 1_000 }) as const
  const claim = (key: string) => ({ op: 'claim', key, value: 'x', ttlMs: 1_000 }) as const
  const read = async (...keys: string[]) => hot.apply(keys.map(key => ({ op: 'read', key }) as const))
  await hot.apply([
    { op: 'increment', key: 'count', ttlMs: 1_000 },
    { op: 'add', key: 'set', member: 'x', cap: 2, ttlMs: 1_000 },
    { op: 'write', key: 'tombstone', value: null, ttlMs: 1_000, version: 1 },
    value('old'),
    value('older by use'),
  ])
  await hot.apply([value('old')])
  await hot.apply([value('new')])
  expect(await read('older by use', 'old', 'new', 'count', 'set')).toEqual([null, 'x', 'x', '1', '1'])
  await hot.apply([claim('lock 1'), claim('lock 2')])
  expect(await read('old', 'new', 'count', 'set')).toEqual([null, null, '1', '1'])
  await hot.apply([claim('lock 3')])
  expect(await read('count', 'set')).toEqual([null, '1'])
  await hot.apply([claim('lock 4')])
  await expect(hot.apply([value('lock 1'), claim('lock 5')])).rejects.toThrow(HotStateFull)
  expect(await read('lock 1', 'lock 2', 'lock 3', 'lock 4', 'set')).toEqual(['x', 'x', 'x', 'x', null])
  expect(await hot.apply([{ op: 'increment', key: 'version', ttlMs: null }])).toEqual([1])
})

test('full: what is over makes room first', async () => {
  let now = 0
  const hot = createMemoryHotState(() => now, 10)
  for (let i = 0; i < 10; i++) await hot.apply([{ op: 'claim', key: `lock ${i}`, value: 'x', ttlMs: 100 }])
  now = 200
  for (let i = 0; i < 10; i++) {
    expect(await hot.apply([{ op: 'claim', key: `later ${i}`, value: 'x', ttlMs: 100 }])).toEqual([true])
  }
})
