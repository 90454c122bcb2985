import { expect, test } from 'vitest'
import { HashBusy, type Passwords } from '../mailbox/passwords.ts'
import { limitShare } from './hash-share.ts'

/** Work that ends when the test says so. */
function openHeld() {
  const begun: { what: string; end: PromiseWithResolvers<never> }[] = []
  const hold = (what: string) => {
    const end = Promise.withResolvers<never>()
    begun.push({ what, end })
    return end.promise
  }
  const passwords: Passwords = { hash: hold, verify: hold, hashInTurn: hold }
  /** Ends the one that was begun as the nth. */
  const end = async (n: number, value: unknown) => {
    await expect.poll(() => begun.length).toBeGreaterThan(n)
    begun[n]!.end.resolve(value as never)
  }
  return { begun, end, share: limitShare(passwords) }
}

test('one comparison at a time, in their order, whatever becomes of the one before', async () => {
  const { begun, end, share } = openHeld()
  const asked = ['a', 'b', 'c'].map(password => share.verify(password, 'hash'))
  await expect.poll(() => begun.length).toBe(1)
  begun[0]!.end.reject(new HashBusy('late'))
  await expect(asked[0]).rejects.toThrow('late')
  await end(1, false)
  expect(begun.map(({ what }) => what)).not.toContain('c')
  expect(await asked[1]).toBe(false)
  await end(2, true)
  expect(await asked[2]).toBe(true)
  expect(begun.map(({ what }) => what)).toEqual(['a', 'b', 'c'])
})

test('whoever is familiar waits behind no stranger', async () => {
  const { begun, end, share } = openHeld()
  const strangers = Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => share.verify(`${i}`, 'hash', false)),
  )
  const familiar = share.verify('familiar', 'hash', true)
  await expect.poll(() => begun.length).toBe(2)
  expect(begun[1]!.what).toBe('familiar')
  await end(1, true)
  expect(await familiar).toBe(true)
  await end(0, false)
  for (let i = 2; i < 8; i++) await end(i, false)
  expect((await strangers).filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
})

test.each(['verify', 'hash'] as const)(
  'of many %s at once the ones beyond the queue are turned away',
  async kind => {
    const { begun, end, share } = openHeld()
    const asked = Array.from({ length: 100 }, (_, i) => (share[kind] as Passwords['hash'])(`${i}`, 10))
    const outcomes = Promise.allSettled(asked)
    await expect(asked[99]).rejects.toThrow(HashBusy)
    // Of the other kind one is begun at once, and a login's hash too.
    const other = kind === 'hash' ? share.verify('x', 'y') : share.hash('x')
    const login = share.hashInTurn('z', 'place')
    await expect.poll(() => begun.length).toBe(3)
    await end(1, 'done')
    await end(2, 'done')
    expect(await Promise.all([other, login])).toEqual(['done', 'done'])

    const taken = kind === 'hash' ? 61 : 7
    await end(0, 'done')
    for (let i = 1; i < taken; i++) await end(i + 2, 'done')
    expect((await outcomes).filter(({ status }) => status === 'fulfilled')).toHaveLength(taken)
    const next = (share[kind] as Passwords['hash'])('later', 10)
    await end(taken + 2, 'done')
    expect(await next).toBe('done')
  },
)
