/** What every driver of the hot state must do, whatever it is made of. Each driver's test runs this suite. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type HotState, WrongKind } from './port.ts'

export interface Subject {
  hot: HotState
  /** Lets time pass for the driver: a test clock, or a real wait where the driver has a clock of its own. */
  pass(ms: number): Promise<void>
}

/** @param ttlMs how long short-lived entries live: where time is real, long beside what a busy machine may lose */
export function describeHotState(driver: string, create: () => Promise<Subject>, ttlMs = 60): void {
  describe(`hot state: ${driver}`, () => {
    let hot: HotState
    let pass: Subject['pass']
    beforeEach(async () => {
      ;({ hot, pass } = await create())
    })
    afterEach(() => hot.close())

    test('answers one result per operation, in order, seeing earlier ones', async () => {
      expect(
        await hot.apply([
          { op: 'read', key: 'a' },
          { op: 'write', key: 'a', value: '1', ttlMs },
          { op: 'read', key: 'a' },
          { op: 'remove', key: 'a' },
          { op: 'remove', key: 'a' },
          { op: 'read', key: 'a' },
        ]),
      ).toEqual([null, true, '1', true, false, null])
      expect(await hot.apply([])).toEqual([])
    })

    test('keeps any text: empty, UTF-8, line breaks, NUL', async () => {
      for (const text of ['', '用户', 'a\r\nb', '\0', '"\\']) {
        const key = `k${text}`
        const [, read] = await hot.apply([
          { op: 'write', key, value: text, ttlMs },
          { op: 'read', key },
        ])
        expect(read).toBe(text)
      }
    })

    test('forgets at the end of the time to live, and not before', async () => {
      await hot.apply([
        { op: 'write', key: 'short', value: 'x', ttlMs },
        { op: 'write', key: 'ever', value: 'y', ttlMs: null },
      ])
      await pass(ttlMs / 3)
      expect(await hot.apply([{ op: 'read', key: 'short' }])).toEqual(['x'])
      await pass(ttlMs)
      const after = await hot.apply([
        { op: 'read', key: 'short' },
        { op: 'read', key: 'ever' },
      ])
      expect(after).toEqual([null, 'y'])
    })

    test('an older version is not written over a newer one, an equal one is', async () => {
      const write = (value: string | null, version: number) =>
        hot.apply([{ op: 'write', key: 'user', value, ttlMs: 10_000, version }]).then(([written]) => written)
      expect(await write('v2', 2)).toBe(true)
      expect(await write('v1', 1)).toBe(false)
      expect(await write('v2 again', 2)).toBe(true)
      expect(await write('v10', 10)).toBe(true)
      expect(await write('v9', 9)).toBe(false)
      expect(await hot.apply([{ op: 'read', key: 'user' }])).toEqual(['v10'])
    })

    test('a cap of 0 adds nothing', async () => {
      const add = (cap: number) => ({ op: 'add', key: 'none', member: 'a', cap, ttlMs: 10_000 }) as const
      expect(await hot.apply([add(0), { op: 'read', key: 'none' }, add(1), add(0)])).toEqual([
        { count: 0, outcome: 'full' },
        null,
        { count: 1, outcome: 'added' },
        { count: 1, outcome: 'present' },
      ])
    })

    test('a member stays until the last of its holders has dropped it', async () => {
      const add = (holder: string) =>
        ({ op: 'add', key: 'held', member: 'a', holder, cap: 1, ttlMs: 10_000 }) as const
      const drop = (holder: string) => ({ op: 'drop', key: 'held', member: 'a', holder }) as const
      const other = { op: 'add', key: 'held', member: 'b', holder: 'x', cap: 1, ttlMs: 10_000 } as const
      expect(await hot.apply([add('1'), add('2'), drop('1'), drop('1'), other])).toEqual([
        { count: 1, outcome: 'added' },
        { count: 1, outcome: 'present' },
        1,
        1,
        { count: 1, outcome: 'full' },
      ])
      expect(await hot.apply([drop('2'), other])).toEqual([0, { count: 1, outcome: 'added' }])
    })

    test('nothing is added while one of the named entries exists, in one step with seeing it', async () => {
      const add = (key: string, member: string, unless: string[]) =>
        ({ op: 'add', key, member, cap: 2, ttlMs: 10_000, unless }) as const
      expect(
        await hot.apply([
          add('set', 'a', ['known', 'lock']),
          { op: 'write', key: 'lock', value: 'x', ttlMs },
          add('set', 'b', ['known', 'lock']),
          add('other', 'b', ['lock']),
          { op: 'read', key: 'other' },
        ]),
      ).toEqual([
        { count: 1, outcome: 'added' },
        true,
        { count: 1, outcome: 'skipped' },
        { count: 0, outcome: 'skipped' },
        null,
      ])
      await pass(ttlMs * 2)
      expect(await hot.apply([add('set', 'b', ['known', 'lock']), add('set', 'c', ['lock'])])).toEqual([
        { count: 2, outcome: 'added' },
        { count: 2, outcome: 'full' },
      ])
    })

    test('a tombstone reads as nothing and keeps older copies out until its end', async () => {
      await hot.apply([{ op: 'write', key: 'user', value: null, ttlMs, version: 3 }])
      expect(
        await hot.apply([
          { op: 'read', key: 'user' },
          { op: 'write', key: 'user', value: 'old', ttlMs, version: 2 },
          { op: 'read', key: 'user' },
        ]),
      ).toEqual([null, false, null])
      await pass(ttlMs * 2)
      expect(await hot.apply([{ op: 'write', key: 'user', value: 'old', ttlMs, version: 2 }])).toEqual([true])
    })

    test('only one of many concurrent claims wins, until it is removed or over', async () => {
      const claim = (value: string) => hot.apply([{ op: 'claim', key: 'lock', value, ttlMs }])
      const won = await Promise.all(Array.from({ length: 50 }, (_, i) => claim(String(i))))
      expect(won.flat().filter(Boolean)).toHaveLength(1)
      await hot.apply([{ op: 'remove', key: 'lock' }])
      expect(await claim('again')).toEqual([true])
      await pass(ttlMs * 2)
      expect(await claim('and again')).toEqual([true])
    })

    test('concurrent increments all count, and later ones do not move the end', async () => {
      const increment = () => hot.apply([{ op: 'increment', key: 'n', ttlMs }]).then(([n]) => n)
      const counts = await Promise.all(Array.from({ length: 100 }, increment))
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
      expect(await hot.apply([{ op: 'read', key: 'n' }])).toEqual(['100'])
      await pass(ttlMs / 2)
      await increment()
      await pass(ttlMs * 0.75)
      expect(await increment()).toBe(1)
    })

    test('a distinct set counts members once and stops at its cap', async () => {
      const add = (member: string) => hot.apply([{ op: 'add', key: 's', member, cap: 3, ttlMs: 10_000 }])
      expect(await add('a')).toEqual([{ count: 1, outcome: 'added' }])
      expect(await add('a')).toEqual([{ count: 1, outcome: 'present' }])
      const parallel = await Promise.all(Array.from({ length: 20 }, (_, i) => add(`m${i}`)))
      expect(parallel.flat().filter(r => r.outcome === 'added')).toHaveLength(2)
      expect(await add('late')).toEqual([{ count: 3, outcome: 'full' }])
      expect(await add('a')).toEqual([{ count: 3, outcome: 'present' }])
      expect(await hot.apply([{ op: 'read', key: 's' }])).toEqual(['3'])
      expect(await hot.apply([{ op: 'drop', key: 's', member: 'a' }])).toEqual([2])
      expect(await hot.apply([{ op: 'drop', key: 's', member: 'never there' }])).toEqual([2])
      expect(await add('late')).toEqual([{ count: 3, outcome: 'added' }])
    })

    test('a distinct set ends with its first member', async () => {
      const add = (member: string) => hot.apply([{ op: 'add', key: 's', member, cap: 9, ttlMs }])
      await add('a')
      await pass(ttlMs / 2)
      await add('b')
      await pass(ttlMs * 0.75)
      expect(await add('c')).toEqual([{ count: 1, outcome: 'added' }])
    })

    test('nothing happens between the operations of one list', async () => {
      const move = (i: number) =>
        hot.apply([
          { op: 'write', key: 'seat', value: String(i), ttlMs: 10_000 },
          { op: 'increment', key: 'moves', ttlMs: null },
          { op: 'read', key: 'seat' },
        ])
      const results = await Promise.all(Array.from({ length: 50 }, (_, i) => move(i)))
      results.forEach(([, , seat], i) => {
        expect(seat).toBe(String(i))
      })
    })

    test('an operation on an entry of another kind is refused, and the list does nothing', async () => {
      await hot.apply([{ op: 'write', key: 'text', value: 'x', ttlMs: 10_000 }])
      const mixed = hot.apply([
        { op: 'write', key: 'other', value: 'y', ttlMs: 10_000 },
        { op: 'increment', key: 'text', ttlMs },
      ])
      await expect(mixed).rejects.toThrow(WrongKind)
      expect(await hot.apply([{ op: 'read', key: 'other' }])).toEqual([null])
    })
  })
}
