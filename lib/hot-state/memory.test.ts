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

test('full: cached values make room, oldest first; claims, counts, sets and tombstones never', async () => {
  const hot = createMemoryHotState(() => 0, 5)
  const value = (key: string) => ({ op: 'write', key, value: 'x', ttlMs: 1_000 }) as const
  await hot.apply([
    { op: 'claim', key: 'lock', value: 'x', ttlMs: 1_000 },
    { op: 'increment', key: 'count', ttlMs: 1_000 },
    { op: 'add', key: 'set', member: 'x', cap: 2, ttlMs: 1_000 },
    { op: 'write', key: 'tombstone', value: null, ttlMs: 1_000, version: 1 },
    value('old'),
  ])
  await hot.apply([value('new')])
  expect(
    await hot.apply([
      { op: 'read', key: 'old' },
      { op: 'read', key: 'new' },
    ]),
  ).toEqual([null, 'x'])
  await hot.apply([{ op: 'claim', key: 'lock 2', value: 'x', ttlMs: 1_000 }])
  const tooMany = hot.apply([value('lock 2'), { op: 'claim', key: 'lock 3', value: 'x', ttlMs: 1_000 }])
  await expect(tooMany).rejects.toThrow(HotStateFull)
  expect(
    await hot.apply([
      { op: 'read', key: 'lock' },
      { op: 'read', key: 'lock 2' },
    ]),
  ).toEqual(['x', 'x'])
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
