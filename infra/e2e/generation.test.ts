/** What Redis brings back, or never hears of, revives no credential: on no node. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addBan } from '../../lib/ban/manage.ts'
import { unlockMailbox } from '../../lib/login/unlock.ts'
import { addMailbox, setEnabled, setPassword } from '../../lib/mailbox/manage.ts'
import { answers } from './guarded.ts'
import { addBackends } from './in-process.ts'
import { type Node, openNode } from './node.ts'
import { type RedisServer, startRedis } from './redis.ts'

const user = 'joe@example.org'
const password = 'the first of joe'

let folder: string
let redis: RedisServer
let nodes: Node[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-generation-'))
  redis = await startRedis(join(folder, 'redis'))
  const open = () => openNode(join(folder, 'data'), { REDIS_URL: redis.url })
  nodes = [await open(), await open()]
  await addBackends(nodes[0]!.services, { imap: 10143, pop3: 10110, smtp: 10587 })
  await addMailbox(nodes[0]!.services, { name: user, password })
  expect(await askAll(password)).toEqual([answers.ok, answers.ok])
})
afterEach(async () => {
  for (const node of nodes) await node.close()
  await redis.stop()
  rmSync(folder, { recursive: true })
})

const askAll = (text: string) => Promise.all(nodes.map(node => node.ask(user, text)))

/** What each node says when it has a last word again. */
const settled = (text: string) =>
  Promise.all(
    nodes.map(node =>
      vi.waitFor(
        async () => {
          const status = await node.ask(user, text)
          expect(status).not.toBe(answers.later)
          return status
        },
        { timeout: 10_000, interval: 20 },
      ),
    ),
  )

const dump = () => join(redis.folder, 'dump.rdb')
const keptDump = () => join(folder, 'kept.rdb')

async function save(): Promise<void> {
  await redis.command(['save'])
  copyFileSync(dump(), keptDump())
}

/** @param from `dump`: with what was saved */
async function restart(from: 'empty' | 'dump'): Promise<void> {
  await redis.stop('SIGKILL')
  rmSync(dump(), { force: true })
  if (from === 'dump') copyFileSync(keptDump(), dump())
  redis = await startRedis(redis.folder, redis.port)
}

test.each(['empty', 'dump'] as const)(
  'disabled while Redis is away, refused when it is back: %s',
  async from => {
    await save()
    await redis.stop('SIGKILL')
    expect(await askAll(password)).toEqual([answers.later, answers.later])
    await setEnabled(nodes[0]!.services, user, false)
    await restart(from)
    expect(await settled(password)).toEqual([answers.wrong, answers.wrong])
  },
)

test('a password changed while Redis is up stays changed when an older dump comes back', async () => {
  await save()
  await setPassword(nodes[1]!.services, user, 'the second of joe')
  expect(await askAll(password)).toEqual([answers.wrong, answers.wrong])
  await restart('dump')
  expect(await settled(password)).toEqual([answers.wrong, answers.wrong])
  expect(await askAll('the second of joe')).toEqual([answers.ok, answers.ok])
})

test('a ban that could not be announced holds on every node, also the second one', async () => {
  for (const cidr of ['198.51.100.0/24', '192.0.2.0/24']) {
    await redis.stop('SIGKILL')
    await addBan(nodes[0]!.services, { cidr, duration: 60_000, reason: 'test', force: true })
    await restart('empty')
    await settled('anything')
  }
  expect(await askAll(password)).toEqual([answers.wrong, answers.wrong])
})

test('who is unlocked while Redis is away is unlocked when it is back with the lock', async () => {
  for (let n = 0; n < 5; n++) await nodes[0]!.ask(user, `wrong ${n}`)
  expect(await askAll(password)).toEqual([answers.later, answers.later])
  await save()
  await redis.stop('SIGKILL')
  await unlockMailbox(nodes[0]!.services, user)
  await restart('dump')
  expect(await settled(password)).toEqual([answers.ok, answers.ok])
})

test('one node that gets no answer renews the copies of the other', async () => {
  const { services } = nodes[0]!
  const before = nodes[1]!.services.hot.generation()
  // It hangs: the change may or may not be heard of, and nobody sees a new server.
  await redis.command(['client', 'pause', '1500'])
  expect(await services.hot.announce([{ op: 'increment', key: 'x', ttlMs: 1_000 }])).toBe('renewed')
  await vi.waitFor(() => expect(nodes[1]!.services.hot.generation()).toBe(before + 1), { timeout: 10_000 })
  expect(await settled(password)).toEqual([answers.ok, answers.ok])
})

test('what a login read before the copies were renewed is not written after', async () => {
  const { hot, db } = nodes[0]!.services
  const read = hot.generation()
  const write = { op: 'write', key: 'copy', value: 'old', ttlMs: 10_000 } as const
  expect(await hot.apply([write], read)).toEqual([true])
  await db
    .updateTable('system_config')
    .set({ value: `${read + 1} ` })
    .where('name', '=', 'hot_generation')
    .execute()
  await vi.waitFor(() => expect(hot.generation()).toBeGreaterThan(read), { timeout: 10_000, interval: 20 })
  await vi.waitFor(async () => expect(await hot.apply([{ op: 'read', key: 'copy' }])).toEqual([null]), {
    timeout: 10_000,
  })
  await expect(hot.apply([write], read)).rejects.toThrow('every copy was renewed meanwhile')
  expect(await hot.apply([{ op: 'read', key: 'copy' }])).toEqual([null])
})

test('a login that was slow while its mailbox was disabled leaves no copy of it', async () => {
  const [first, second] = [nodes[0]!.services, nodes[1]!]
  const slow = 'slow@example.org'
  await addMailbox(first, { name: slow, password })
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const verify = async () => {
    reached.resolve()
    await gate.promise
    return true
  }
  const login = nodes[0]!.ask(slow, password, { passwords: { ...first.passwords, verify } })
  await reached.promise
  await redis.stop('SIGKILL')
  await setEnabled(second.services, slow, false)
  await restart('empty')
  await settled('anything')
  gate.resolve()
  await login
  expect(await second.ask(slow, password)).toBe(answers.wrong)
})

test.each(['flushall', 'flushdb'])('a ban holds also on a node that saw none after %s', async command => {
  const ban = (cidr: string) =>
    addBan(nodes[0]!.services, { cidr, duration: 60_000, reason: 'test', force: true })
  await ban('198.51.100.0/24')
  expect(await askAll(password)).toEqual([answers.ok, answers.ok])
  await redis.command([command])
  await ban('192.0.2.0/24')
  expect(await settled(password)).toEqual([answers.wrong, answers.wrong])
})

test('a login that was slow while its mailbox was disabled leaves no copy of it after FLUSHALL', async () => {
  const [first, second] = [nodes[0]!, nodes[1]!]
  const slow = 'slow@example.org'
  await addMailbox(first.services, { name: slow, password })
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const verify = async () => {
    reached.resolve()
    await gate.promise
    return true
  }
  const login = first.ask(slow, password, { passwords: { ...first.services.passwords, verify } })
  await reached.promise
  await setEnabled(second.services, slow, false)
  await redis.command(['flushall'])
  gate.resolve()
  await login
  const later = () => second.ask(slow, password)
  await vi.waitFor(async () => expect(await later()).not.toBe(answers.later), { timeout: 10_000 })
  expect(await later()).toBe(answers.wrong)
})

test('nodes that start at once agree on one generation, and a node that joins does not raise it', async () => {
  const third = await openNode(join(folder, 'data'), { REDIS_URL: redis.url })
  expect([...nodes, third].map(node => node.services.hot.generation())).toEqual([2, 2, 2])
  await third.close()
  await restart('empty')
  await settled(password)
  expect(nodes.map(node => node.services.hot.generation())).toEqual([3, 3])
})

test('a warm login is one call of Redis, and concurrent ones share it', async () => {
  const calls = async () => {
    const [, count = '0'] =
      /cmdstat_evalsha:calls=(\d+)/.exec(await redis.command(['info', 'commandstats'])) ?? []
    return Number(count)
  }
  const before = await calls()
  for (let n = 0; n < 20; n++) expect(await nodes[0]!.ask(user, password)).toBe(answers.ok)
  const alone = await calls()
  expect(alone - before).toBe(20)
  const many = await Promise.all(Array.from({ length: 64 }, () => nodes[0]!.ask(user, password)))
  expect(new Set(many)).toEqual(new Set([answers.ok]))
  expect((await calls()) - alone).toBeLessThan(32)
})
