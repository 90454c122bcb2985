import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { compareSync, hashSync } from 'bcryptjs'
import { afterEach, expect, test } from 'vitest'
import { bcryptCost, HashBusy } from '../mailbox/passwords.ts'
import { createHashPool, type HashPool } from './hash-pool.ts'

let pool: HashPool | undefined
afterEach(async () => {
  await pool?.close()
  pool = undefined
})

const long = 60_000
const open = (threads: number, deadlineMs: number) => {
  pool = createHashPool({ hash_threads: threads, hash_deadline: deadlineMs })
  return pool
}

/** Each at the cost of mailboxes, so that each takes its time. */
const hashes = Array.from({ length: 6 }, (_, i) => hashSync(`password ${i}`, bcryptCost))

/** The names of calls in the order in which they were settled. */
function watch(calls: Record<string, Promise<unknown>>) {
  const order: string[] = []
  const all = Object.entries(calls).map(([name, call]) =>
    call.then(
      () => order.push(name),
      () => order.push(`${name} refused`),
    ),
  )
  return { order, all: Promise.all(all) }
}

test('hashes what bcrypt compares, and compares what bcrypt hashed', async () => {
  const { hash, verify } = open(1, long)
  const made = await hash('pässwörd 密码')
  expect(made).toMatch(new RegExp(`^\\$2b\\$${bcryptCost}\\$`))
  expect(compareSync('pässwörd 密码', made)).toBe(true)
  expect(await hash('pässwörd 密码')).not.toBe(made)
  expect(await verify('password 0', hashes[0]!)).toBe(true)
  expect(await verify('password 1', hashes[0]!)).toBe(false)
  expect(await verify('password 0', 'no hash')).toBe(false)
})

test('fifty equal comparisons in flight are one computation', async () => {
  const { verify } = open(1, long)
  const first = verify('password 0', hashes[0]!)
  const other = verify('x', hashes[1]!)
  // One thread, first come first served: computed by themselves these would be through after the other.
  const equal = [first, ...Array.from({ length: 49 }, () => verify('password 0', hashes[0]!))]
  const { order, all } = watch({ first, other, fiftieth: equal[49]! })
  await all
  expect(order).toEqual(['first', 'fiftieth', 'other'])
  expect(await Promise.all(equal)).toEqual(Array(50).fill(true))
})

test('a hash in turn waits behind comparisons, is shared by equal calls for one place, and by no other', async () => {
  const { verify, hashInTurn } = open(1, long)
  const [first, same, other] = ['place', 'place', 'elsewhere'].map(place => hashInTurn('password 0', place))
  const { order, all } = watch({
    comparison: verify('x', hashes[1]!),
    late: hashInTurn('password 0', 'late'),
  })
  await all
  expect(order).toEqual(['comparison', 'late'])
  expect(await same).toBe(await first)
  expect(await other).not.toBe(await first)
  expect(compareSync('password 0', (await other)!)).toBe(true)
})

test('a hash in turn that would have to wait too long is refused at once', async () => {
  const { verify, hashInTurn } = open(1, 100)
  const waiting = [0, 1, 2].map(i => verify('x', hashes[i]!).catch(() => 'refused'))
  await expect(hashInTurn('password 0', 'place')).rejects.toThrow(HashBusy)
  await Promise.all(waiting)
})

test('an outcome is not kept: the same comparison later is computed again', async () => {
  const { verify } = open(1, long)
  await verify('password 0', hashes[0]!)
  const other = verify('x', hashes[1]!)
  const { order, all } = watch({ again: verify('password 0', hashes[0]!), other })
  await all
  expect(order).toEqual(['other', 'again'])
})

test('comparisons that differ in the password or the hash are computed each', async () => {
  const { verify } = open(1, long)
  const calls = [
    verify('password 0', hashes[0]!),
    verify('password 0', hashes[1]!),
    verify('password 1', hashes[0]!),
    verify('password 1', hashes[1]!),
  ]
  expect(await Promise.all(calls)).toEqual([true, false, false, true])
})

test('only as many at once as the deadline has room for: the others are refused, and how many is known at once', async () => {
  // 80 ms are expected of each until there is a measurement, so a deadline of 250 ms has room for four.
  const { verify } = open(1, 250)
  const calls = Array.from({ length: 20 }, (_, i) => verify(`password ${i}`, hashes[0]!))
  const outcomes = Promise.allSettled(calls)
  const { order, all } = watch(Object.fromEntries(calls.map((call, i) => [i, call])))
  await all
  expect(order.slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, i) => `${i + 4} refused`))
  const settled = await outcomes
  for (const outcome of settled) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(HashBusy)
  }
  expect(settled[0]).toEqual({ status: 'fulfilled', value: true })
})

test('after being busy it works again', async () => {
  const { verify } = open(1, 250)
  const flood = await Promise.allSettled(
    Array.from({ length: 30 }, (_, i) => verify(`password ${i}`, hashes[0]!)),
  )
  expect(flood.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(26)
  expect(await verify('password 1', hashes[1]!)).toBe(true)
  // A comparison that was refused is computed when it comes again.
  expect(await verify('password 29', hashes[0]!)).toBe(false)
})

test('who has waited past the deadline is refused without a computation', async () => {
  const { verify } = open(1, 100)
  // Room for two by the expectation; no computation is over within a busy event loop.
  const calls = [verify('password 0', hashes[0]!), verify('password 1', hashes[1]!)]
  const outcomes = Promise.allSettled(calls)
  const busyUntil = performance.now() + 150
  while (performance.now() < busyUntil) hashSync('x', 4)
  expect(await outcomes).toMatchObject([
    { status: 'fulfilled', value: true },
    { status: 'rejected', reason: { name: 'HashBusy', message: 'a hash waited for 100 ms' } },
  ])
})

test('a long queue is served in the order in which it came', async () => {
  const { verify } = open(1, long)
  const { order, all } = watch(
    Object.fromEntries(hashes.map((hash, i) => [`call ${i}`, verify(`password ${i}`, hash)])),
  )
  await all
  expect(order).toEqual(hashes.map((_, i) => `call ${i}`))
})

test('a new hash goes before comparisons that wait, and is made however many they are', async () => {
  const { hash, verify } = open(1, 250)
  const flood = Array.from({ length: 20 }, (_, i) => verify(`password ${i}`, hashes[0]!))
  const { order, all } = watch({ second: flood[1]!, third: flood[2]!, made: hash('a new password') })
  await Promise.all([all, Promise.allSettled(flood)])
  expect(order[0]).toBe('made')
})

test('calls that wait when it closes are refused, none hangs', async () => {
  const { verify, close } = createHashPool({ hash_threads: 1, hash_deadline: long })
  const calls = Promise.allSettled(hashes.map((hash, i) => verify(`password ${i}`, hash)))
  await close()
  const outcomes = await calls
  expect(outcomes.at(-1)).toMatchObject({ status: 'rejected' })
})

test('the threads that hash have less priority, this one keeps its own', async () => {
  /** Fields after the command's name, which may hold blanks; the 19th is the nice value (proc_pid_stat(5)). */
  const readNiceness = (task: string) => {
    const stat = readFileSync(`/proc/self/task/${task}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19 - 3])
  }
  const before = new Set(readdirSync('/proc/self/task'))
  const { verify } = open(2, long)
  await Promise.all(hashes.map((hash, i) => verify(`password ${i}`, hash)))
  const niceness = readdirSync('/proc/self/task')
    .filter(task => !before.has(task))
    .map(readNiceness)
  expect(niceness.filter(nice => nice === 10)).toHaveLength(2)
  expect(readNiceness(String(process.pid))).toBe(getPriority())
  expect(getPriority()).toBeLessThan(10)
})
