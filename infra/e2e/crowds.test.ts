/** Offices, webmail, stale phones and floods: the attacker is stopped and nobody else notices. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HashBusy } from '../../lib/mailbox/passwords.ts'
import { verbs } from '../adapter/verbs.ts'
import { answers, type Guarded, openGuarded } from './guarded.ts'
import {
  day,
  guess,
  guessSlowly,
  hour,
  login,
  minute,
  newName,
  newPlace,
  newUser,
  newUserAt,
  spray,
  standing,
} from './guessers.ts'

let gateway: Guarded
/** Makes comparisons fail, or wait, until the end of the test. */
let beforeVerify: () => Promise<void> = async () => {}

beforeAll(async () => {
  gateway = await openGuarded({}, async (password, hash) => {
    await beforeVerify()
    return hash === `plain ${password}`
  })
})
afterAll(() => gateway?.close())
afterEach(() => {
  beforeVerify = async () => {}
})

const bansOf = async (address: string) =>
  (await verbs['ban list'](gateway.services(), { state: 'all', address })).items
const people = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)))
const hashesOf = async (work: () => Promise<unknown>) => {
  const before = gateway.hashes()
  await work()
  return gateway.hashes() - before
}

describe('parallel', () => {
  test.each(['known', 'unknown'])(
    'of 200 wrong passwords at once for one %s user five are looked at',
    async kind => {
      const user = kind === 'known' ? await newUser(gateway) : newName()
      const told: (string | null)[] = []
      const hashes = await hashesOf(async () => {
        told.push(...(await people(200, () => guess(gateway, user, newPlace()))))
      })
      expect(hashes).toBe(5)
      expect(told.filter(status => status === answers.wrong)).toHaveLength(5)
      expect(told.filter(status => status === answers.later)).toHaveLength(195)
      expect(await standing(gateway, user, newPlace())).toBe('later: locked')
    },
  )

  test('the same from the familiar network', async () => {
    const home = newPlace()
    const user = await newUserAt(gateway, home)
    expect(await hashesOf(() => people(200, () => guess(gateway, user, home)))).toBe(5)
    expect(await standing(gateway, user, home)).toBe('later: locked_here')
  })

  test('while five are being looked at, a sixth waits for its turn and locks nothing', async () => {
    const user = await newUser(gateway)
    const hold = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    let waiting = 0
    beforeVerify = () => {
      if (++waiting === 5) begun.resolve()
      return hold.promise
    }
    const wrong = people(5, n => gateway.ask({ user, password: `wrong ${n}`, from: newPlace() }))
    await begun.promise
    expect(await standing(gateway, user, newPlace())).toBe('later: too_many_guesses')
    hold.resolve()
    beforeVerify = async () => {}
    await wrong
  })

  test('a twin that is banned, or of a neighbour, gives back no place of a password that is being looked at', async () => {
    const [bad, home] = [newPlace(), newPlace()]
    await spray(gateway, 10, bad)
    const user = await newUserAt(gateway, home)
    const hold = Promise.withResolvers<void>()
    beforeVerify = () => hold.promise
    let answered = 0
    const asked: Promise<unknown>[] = []
    const before = gateway.hashes()
    for (let n = 0; n < 40; n++) {
      for (const from of [n % 2 ? bad : home, newPlace()]) {
        asked.push(gateway.ask({ user, password: `twin ${n}`, from }).then(() => answered++))
      }
      await new Promise(resolve => setTimeout(resolve, 3))
    }
    // Five of strangers and five at home are held; all others have been told to come later.
    await expect.poll(() => answered, { timeout: 5_000 }).toBe(80 - 10)
    expect(gateway.hashes() - before).toBe(10)
    hold.resolve()
    await Promise.all(asked)
  })

  test('60 users with five cold right logins each from one address get in', async () => {
    const office = newPlace()
    const users = await people(60, () => newUser(gateway))
    const told = await people(300, n => login(gateway, users[n % 60]!, office))
    expect(told.filter(status => status !== answers.ok)).toEqual([])
  })

  test('ten cold logins with the right password lock nothing', async () => {
    const user = await newUser(gateway)
    const told = await people(10, () => login(gateway, user, newPlace()))
    expect(new Set(told)).toEqual(new Set([answers.ok]))
  })
})

describe('places of those who were right, or never looked at, are given back', () => {
  test('a success', async () => {
    const user = await newUser(gateway)
    for (let n = 0; n < 4; n++) await guess(gateway, user, newPlace())
    for (let n = 0; n < 3; n++) expect(await login(gateway, user, newPlace())).toBe(answers.ok)
    expect(await guess(gateway, user, newPlace())).toBe(answers.wrong)
    expect(await guess(gateway, user, newPlace())).toBe(answers.later)
  })

  test('a hash that could not be made', async () => {
    const user = await newUser(gateway)
    beforeVerify = () => Promise.reject(new HashBusy('busy'))
    for (let n = 0; n < 20; n++) expect(await guess(gateway, user, newPlace())).toBe(answers.later)
    expect(await gateway.lastRow()).toEqual({ reason: 'busy', counters: '' })
    beforeVerify = async () => {}
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
  })
})

describe('stale phones', () => {
  test.each(['familiar', 'unfamiliar'])(
    '500 times the same wrong password in 8 hours from one %s network is one hash',
    async kind => {
      const place = newPlace()
      const user = kind === 'familiar' ? await newUserAt(gateway, place) : await newUser(gateway)
      const hashes = await hashesOf(async () => {
        for (let asked = 0; asked < 500; asked++) {
          await gateway.ask({ user, password: 'old password', from: place })
          gateway.pass((8 * hour) / 500)
        }
      })
      expect(hashes).toBe(1)
      expect(await bansOf(place)).toEqual([])
      expect(await standing(gateway, user, place)).toBe('ok: ok')
    },
  )

  test('15 in one office, every minute for an hour: everyone gets in, the office is not banned', async () => {
    const office = newPlace()
    const users = await people(15, () => newUserAt(gateway, office))
    const guest = await newUser(gateway)
    for (let asked = 0; asked < 60; asked++) {
      await people(15, n => gateway.ask({ user: users[n]!, password: `old password ${n}`, from: office }))
      const told = await people(15, n => login(gateway, users[n]!, office))
      expect(told.filter(status => status !== answers.ok)).toEqual([])
      gateway.pass(minute)
    }
    expect(await login(gateway, guest, office)).toBe(answers.ok)
    expect(await bansOf(office)).toEqual([])
  })
})

test('webmail: 200 users behind one shared address get in while it is sprayed through, and an alert is raised', async () => {
  const webmail = newPlace()
  await verbs['exception add'](gateway.services(), { kind: 'shared', cidr: webmail })
  const users = await people(200, () => newUser(gateway))
  gateway.alerts.length = 0
  for (const user of users) {
    await guess(gateway, newName(), webmail)
    await guess(gateway, user, webmail)
    expect(await login(gateway, user, webmail)).toBe(answers.ok)
    gateway.pass(5_000)
  }
  expect(await bansOf(webmail)).toEqual([])
  expect(gateway.alerts).toContainEqual(expect.objectContaining({ alert: 'spraying', cidr: `${webmail}/32` }))
})

test('a restart keeps bans, familiar networks and the long count', async () => {
  const [home, bad, worse] = [newPlace(), newPlace(), newPlace()]
  const user = await newUserAt(gateway, home)
  const places = Array.from({ length: 11 }, newPlace)
  await guessSlowly(gateway, user, 99, n => places[n % 11]!)
  await spray(gateway, 10, bad)
  await verbs['ban add'](gateway.services(), { cidr: worse, duration: hour, reason: 'test' })
  gateway.pass(5 * minute)
  await gateway.restart()
  expect(await standing(gateway, user, worse)).toBe('wrong: banned')
  expect(await standing(gateway, await newUser(gateway), bad)).toBe('later: banned_automatically')
  await guess(gateway, user, newPlace())
  expect((await gateway.lastRow()).counters).toContain('total 100/100')
  await gateway.restart()
  expect(await standing(gateway, user, newPlace())).toBe('later: shut_to_strangers')
  for (let n = 0; n < 5; n++) await guess(gateway, user, newPlace())
  expect(await standing(gateway, user, home)).toBe('ok: ok')
  gateway.pass(10 * minute - 1)
  expect(await standing(gateway, await newUser(gateway), bad)).toBe('later: banned_automatically')
  gateway.pass(1)
  expect(await standing(gateway, await newUser(gateway), bad)).toBe('ok: ok')
})

describe('a wall clock that is set', () => {
  test.each([
    ['forward', day],
    ['back', -day],
  ])('a day %s neither ends nor prolongs bans and locks', async (_, jump) => {
    const [bad, worse] = [newPlace(), newPlace()]
    const [user, probe] = [await newUser(gateway), await newUser(gateway)]
    await spray(gateway, 10, bad)
    await verbs['ban add'](gateway.services(), { cidr: worse, duration: 15 * minute, reason: 'test' })
    for (let n = 0; n < 5; n++) await guess(gateway, user, newPlace())
    expect(await standing(gateway, probe, bad)).toBe('later: banned_automatically')
    gateway.setClock(jump)
    expect(await standing(gateway, user, newPlace())).toBe('later: locked')
    gateway.pass(5 * minute)
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
    gateway.pass(10 * minute - 1)
    expect(await standing(gateway, probe, bad)).toBe('later: banned_automatically')
    expect(await standing(gateway, probe, worse)).toBe('wrong: banned')
    gateway.pass(1)
    expect(await standing(gateway, probe, bad)).toBe('ok: ok')
    expect(await standing(gateway, probe, worse)).toBe('ok: ok')
    gateway.setClock(-jump)
  })

  test('back a day before a restart: a ban lasts no longer than it was made for', async () => {
    const bad = newPlace()
    await spray(gateway, 10, bad)
    gateway.setClock(-day)
    await gateway.restart()
    expect(await standing(gateway, await newUser(gateway), bad)).toBe('later: banned_automatically')
    gateway.pass(15 * minute)
    expect(await standing(gateway, await newUser(gateway), bad)).toBe('ok: ok')
    gateway.setClock(day)
  })

  test('forward a day: a ban that holds can be lifted', async () => {
    const bad = newPlace()
    await verbs['ban add'](gateway.services(), { cidr: bad, duration: hour, reason: 'test' })
    const user = await newUser(gateway)
    expect(await standing(gateway, user, bad)).toBe('wrong: banned')
    gateway.setClock(day)
    await verbs['ban remove'](gateway.services(), { ban: bad })
    expect(await standing(gateway, user, bad)).toBe('ok: ok')
    gateway.setClock(-day)
  })
})
