import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../../infra/e2e/redis.ts'
import { newId } from '../id.ts'
import { describeHotState } from './contract.ts'
import type { GenerationKeeper } from './link.ts'
import { type HotState, HotStateAway, HotStateFull, WrongKind } from './port.ts'
import { type CallReport, openRedisHotState } from './redis.ts'
import { toOptions } from './target.ts'

const log = pino({ level: 'silent' })

/** The pair, as SQL keeps it. */
function createKeeper(): GenerationKeeper {
  let kept = { generation: 1, server: '' }
  return {
    async agree(server) {
      if (kept.server !== server) kept = { generation: kept.generation + 1, server }
      return kept.generation
    },
    read: async () => kept,
    async raise() {
      kept = { ...kept, generation: kept.generation + 1 }
      return kept.generation
    },
  }
}

const open = (url: string, prefix: string, onCall?: (call: CallReport) => void) =>
  openRedisHotState({
    options: toOptions({ url, sentinels: [], sentinelMaster: '', sentinelPassword: '' }),
    prefix,
    keeper: createKeeper(),
    log,
    onCall,
  })

describeHotState(
  'Redis',
  async () => ({ hot: await open(inject('redis').url, `test-${newId()}:`), pass: ms => sleep(ms) }),
  900,
)

describe('a Redis of its own', () => {
  let folder: string
  let redis: RedisServer
  let hot: HotState
  let calls: CallReport[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mailgateway-hot-'))
    redis = await startRedis(folder)
    calls = []
    hot = await open(redis.url, 'p:', call => calls.push(call))
  })
  afterEach(async () => {
    await hot.close()
    await redis.stop('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  const read = (key: string) => hot.apply([{ op: 'read', key }])
  const write = (key: string, value = 'x') => hot.apply([{ op: 'write', key, value, ttlMs: 60_000 }])
  const back = () => vi.waitFor(() => read('a'), { timeout: 10_000, interval: 20 })
  const keys = async () => (await redis.command(['keys', '*'])).split(',').toSorted()

  test('lists of concurrent calls go together, and an error is that of one list only', async () => {
    await write('text')
    const lists = await Promise.allSettled([
      write('before'),
      hot.apply([{ op: 'increment', key: 'text', ttlMs: 1_000 }]),
      hot.apply([{ op: 'add', key: 'text', member: 'm', cap: 1, ttlMs: 1_000 }]),
      write('after'),
    ])
    expect(lists.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    for (const list of lists) if (list.status === 'rejected') expect(list.reason).toBeInstanceOf(WrongKind)
    await vi.waitFor(() => expect(calls.map(call => call.lists)).toEqual([1, 4]), 20_000)
  })

  test('many lists with thousands of keys are done, each with its own answer', async () => {
    const wanted = Array.from({ length: 60 }, (_, i) => Array.from({ length: 100 }, (_, j) => `k${i}-${j}`))
    await Promise.all(
      wanted.map(list =>
        hot.apply(list.map(key => ({ op: 'write', key, value: key, ttlMs: 60_000 }) as const)),
      ),
    )
    const found = await Promise.all(
      wanted.map(list => hot.apply(list.map(key => ({ op: 'read', key }) as const))),
    )
    expect(found).toEqual(wanted)
  })

  test('every key has the prefix and the generation, and what has an end ends also when it is a set', async () => {
    await hot.apply([
      { op: 'write', key: 'value', value: 'x', ttlMs: 300 },
      { op: 'add', key: 'set', member: 'm', holder: 'h', cap: 2, ttlMs: 300 },
      { op: 'add', key: 'set', member: 'n', cap: 2, ttlMs: 300 },
      { op: 'increment', key: 'count', ttlMs: 300 },
    ])
    expect(await keys()).toEqual(['p:2#set', 'p:2:count', 'p:2:set', 'p:2:value', 'p:token'])
    await vi.waitFor(async () => expect(await keys()).toEqual(['p:token']), { timeout: 10_000 })
    await hot.apply([
      { op: 'add', key: 'set', member: 'm', holder: 'h', cap: 2, ttlMs: 60_000 },
      { op: 'drop', key: 'set', member: 'm', holder: 'h' },
    ])
    expect(await keys()).toEqual(['p:token'])
  })

  test('a full Redis refuses what needs room, and goes on reading and counting down', async () => {
    await hot.apply([{ op: 'add', key: 'set', member: 'm', cap: 2, ttlMs: 60_000 }])
    await redis.command(['config', 'set', 'maxmemory', '1'])
    const [refused, count] = await Promise.allSettled([write('a'), read('set')])
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(HotStateFull) })
    expect(count).toEqual({ status: 'fulfilled', value: ['1'] })
    await redis.command(['config', 'set', 'maxmemory', '0'])
    expect(await write('a')).toEqual([true])
  })

  test('a full Redis refuses also what makes a set', async () => {
    await redis.command(['config', 'set', 'maxmemory', '1'])
    const add = hot.apply([{ op: 'add', key: 'set', member: 'm', cap: 2, ttlMs: 60_000 }])
    await expect(add).rejects.toBeInstanceOf(HotStateFull)
    expect(await read('set')).toEqual([null])
  })

  test('a server that has forgotten its scripts is told again', async () => {
    await redis.command(['script', 'flush'])
    expect(await write('a')).toEqual([true])
  })

  test('a server that has forgotten its scripts and takes none is away, and what was sent is not told', async () => {
    await redis.command(['acl', 'setuser', 'default', '-eval'])
    await redis.command(['script', 'flush'])
    const refused = await write('a', 'a secret copy').catch(error => error)
    expect(refused).toBeInstanceOf(HotStateAway)
    expect(JSON.stringify({ ...refused, message: refused.message })).not.toContain('a secret copy')
  })

  test('emptied: nothing is done there before everything is renewed', async () => {
    await hot.apply([{ op: 'increment', key: 'n', ttlMs: null }])
    await redis.command(['flushall'])
    await expect(hot.apply([{ op: 'increment', key: 'n', ttlMs: null }])).rejects.toThrow(HotStateAway)
    await back()
    expect(hot.generation()).toBe(3)
    expect(await keys()).toEqual(['p:token'])
  })

  test('away: every call is refused at once, nothing is kept to be sent later, and it comes back by itself', async () => {
    await redis.stop('SIGKILL')
    const refused = await Promise.allSettled(Array.from({ length: 200 }, () => write('late')))
    for (const list of refused) {
      expect(list).toMatchObject({ status: 'rejected', reason: expect.any(HotStateAway) })
    }
    redis = await startRedis(folder, redis.port)
    await back()
    expect(await read('late')).toEqual([null])
  })

  test('hanging: a call is given up, the next ones are refused at once, and nothing is sent twice', async () => {
    // Now it knows the script.
    await write('a')
    process.kill(redis.pid, 'SIGSTOP')
    await expect(hot.apply([{ op: 'increment', key: 'n', ttlMs: null }])).rejects.toThrow(HotStateAway)
    await expect(write('a')).rejects.toThrow(HotStateAway)
    expect(calls.map(({ failed }) => failed)).toEqual([false, true])
    process.kill(redis.pid, 'SIGCONT')
    await back()
    expect(Number(await redis.command(['get', 'p:2:n']))).toBeLessThanOrEqual(1)
  })

  test('no more than some thousands of lists wait', async () => {
    process.kill(redis.pid, 'SIGSTOP')
    const lists = await Promise.allSettled(Array.from({ length: 6_000 }, () => write('a')))
    process.kill(redis.pid, 'SIGCONT')
    const reasons = lists.map(list => (list.status === 'rejected' ? list.reason.message : 'done'))
    expect(reasons.filter(text => text === '5000 lists wait for Redis already')).toHaveLength(1_000)
    expect(reasons).not.toContain('done')
  })

  test('a primary that becomes a replica is left', async () => {
    await redis.command(['replicaof', '127.0.0.1', '1'])
    await expect(write('a')).rejects.toThrow(HotStateAway)
    await expect(read('a')).rejects.toThrow(HotStateAway)
    await redis.command(['replicaof', 'no', 'one'])
    await back()
  })
})
