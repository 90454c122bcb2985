/** Every limit against guessing as a mail client meets it: what is locked, for whom, for how long, and what it is told. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { verbs } from '../../infra/adapter/verbs.ts'
import { answers, type Guarded, openGuarded } from '../../infra/e2e/guarded.ts'
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
  password,
  patience,
  second,
  spray,
  standing,
} from '../../infra/e2e/guessers.ts'
import { findLocked } from '../../lib/login/locked.ts'
import { setEnabled, setPassword } from '../../lib/mailbox/manage.ts'

let gateway: Guarded

beforeAll(async () => {
  gateway = await openGuarded({ MAILGATEWAY_AUTH_DEFAULT_DOMAIN: 'example.com' })
})
afterAll(() => gateway?.close())

const guessTimes = async (user: string, times: number, from: string) => {
  for (let n = 0; n < times; n++) await guess(gateway, user, from)
}
const neighbour = (place: string, n: number) => place.replace(/\d+$/, `${n}`)
const bansOf = async (address: string) =>
  (await verbs['ban list'](gateway.services(), { state: 'all', address })).items
const alertsAbout = (text: string) => gateway.alerts.filter(entry => JSON.stringify(entry).includes(text))
const hashesOf = async (work: () => Promise<unknown>) => {
  const before = gateway.hashes()
  await work()
  return gateway.hashes() - before
}

const listed = async (user: string) => (await findLocked(gateway.services())).includes(user)

describe('user', () => {
  test('who is locked or shut is found as such: by strangers, in a network of its own, by many networks; until it ends', async () => {
    const { db, clock } = gateway.services()
    const place = newPlace()
    const [free, strangers, own, many] = [
      await newUser(gateway),
      await newUser(gateway),
      await newUserAt(gateway, place),
      await newUser(gateway),
    ]
    await guessTimes(free, 4, newPlace())
    await guessTimes(strangers, 5, newPlace())
    await guessTimes(own, 5, place)
    for (let n = 0; n < 20; n++) {
      await guess(gateway, many, newPlace())
      gateway.pass(5 * minute)
    }
    expect(await Promise.all([free, strangers, own].map(listed))).toEqual([false, false, false])
    expect(await listed(many)).toBe(true)
    const noted = await db.selectFrom('locked_names').select(['name', 'ends_at']).execute()
    const isOver = (user: string) => noted.find(({ name }) => name === user)!.ends_at <= clock()
    expect([isOver(strangers), isOver(own), isOver(many)]).toEqual([true, true, false])
    await guessTimes(strangers, 5, newPlace())
    expect(await listed(strangers)).toBe(true)
    await verbs['user unlock'](gateway.services(), { name: strangers })
    expect(await listed(strangers)).toBe(false)
  })

  test('five different wrong passwords in a minute lock strangers out for five minutes, wherever they are', async () => {
    const user = await newUser(gateway)
    await guessTimes(user, 4, newPlace())
    expect(await guess(gateway, user, newPlace())).toBe(answers.wrong)
    expect(await gateway.lastRow()).toMatchObject({
      counters: expect.stringMatching(/^user 5\/5, total 5\/100, /),
    })
    expect(await standing(gateway, user, newPlace())).toBe('later: locked')
    gateway.pass(300 * second - 1)
    expect(await standing(gateway, user, newPlace())).toBe('later: locked')
    gateway.pass(1)
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
  })

  test('the first of the five is forgotten after a minute', async () => {
    const user = await newUser(gateway)
    const place = newPlace()
    await guessTimes(user, 4, place)
    gateway.pass(minute)
    await guessTimes(user, 4, place)
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
  })

  test('what is asked while it is locked is neither looked at nor counted', async () => {
    const user = await newUser(gateway)
    await guessTimes(user, 5, newPlace())
    const apply = vi.spyOn(gateway.services().hot, 'apply')
    expect(await hashesOf(() => guessTimes(user, 30, newPlace()))).toBe(0)
    // Not even a place is taken among those for strangers, which would have to be given back.
    const given = apply.mock.calls
      .flatMap(([ops]) => ops)
      .filter(({ op, key }) => op === 'drop' && key === `tried:${user}`)
    apply.mockRestore()
    expect(given).toEqual([])
    gateway.pass(300 * second)
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
  })

  test('each familiar network has a count and a lock of its own', async () => {
    const [home, work] = [newPlace(), newPlace()]
    const user = await newUserAt(gateway, home)
    await login(gateway, user, work)
    await guessTimes(user, 5, home)
    expect(await standing(gateway, user, neighbour(home, 9))).toBe('later: locked_here')
    expect(await standing(gateway, user, work)).toBe('ok: ok')
    await guessTimes(user, 5, newPlace())
    expect(await standing(gateway, user, work)).toBe('ok: ok')
    gateway.pass(300 * second - 1)
    expect(await standing(gateway, user, home)).toBe('later: locked_here')
    gateway.pass(1)
    expect(await standing(gateway, user, home)).toBe('ok: ok')
  })

  test('a network is familiar for thirty days after its last success', async () => {
    const home = newPlace()
    const user = await newUserAt(gateway, home)
    gateway.pass(20 * day)
    await login(gateway, user, home)
    gateway.pass(30 * day - 1)
    await guessTimes(user, 5, newPlace())
    expect(await standing(gateway, user, home)).toBe('ok: ok')
    gateway.pass(30 * day)
    await guessTimes(user, 5, newPlace())
    expect(await standing(gateway, user, home)).toBe('later: locked')
  })

  test('an unknown user is locked like a known one', async () => {
    const nobody = newName()
    await guessTimes(nobody, 5, newPlace())
    expect(await standing(gateway, nobody, newPlace())).toBe('later: locked')
  })

  test('unlock opens at once', async () => {
    const home = newPlace()
    const user = await newUserAt(gateway, home)
    await guessTimes(user, 5, home)
    await guessTimes(user, 5, newPlace())
    await verbs['user unlock'](gateway.services(), { name: user })
    expect(await standing(gateway, user, home)).toBe('ok: ok')
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
  })
})

describe('user, in the long run', () => {
  const places = Array.from({ length: 11 }, newPlace)
  const guessForLong = (user: string, times: number) =>
    guessSlowly(gateway, user, times, n => places[n % places.length]!)

  test('a hundred wrong passwords shut strangers out until an administrator unlocks', async () => {
    const home = newPlace()
    const user = await newUserAt(gateway, home)
    await guessForLong(user, 99)
    expect(alertsAbout(user)).toEqual([])
    await guessForLong(user, 1)
    expect(await gateway.lastRow()).toMatchObject({ counters: expect.stringContaining('total 100/100') })
    expect(alertsAbout(user)).toMatchObject([{ alert: 'shut to strangers' }])
    gateway.pass(20 * day)
    expect(await standing(gateway, user, newPlace())).toBe('later: shut_to_strangers')
    expect(await standing(gateway, user, home)).toBe('ok: ok')
    expect(await standing(gateway, user, newPlace())).toBe('later: shut_to_strangers')
    await verbs['user unlock'](gateway.services(), { name: user })
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
  })

  test('a success of a stranger begins the count anew, one from a familiar network does not', async () => {
    const home = newPlace()
    const user = await newUserAt(gateway, home)
    await guessForLong(user, 3)
    gateway.pass(2 * hour)
    await login(gateway, user, home)
    await guessForLong(user, 1)
    expect((await gateway.lastRow()).counters).toContain('total 4/100')
    await login(gateway, user, newPlace())
    await guessForLong(user, 1)
    expect((await gateway.lastRow()).counters).toContain('total 1/100')
  })

  test('a phone that asks with one old password every quarter of an hour is one guess a day', async () => {
    const user = await newUser(gateway)
    const place = newPlace()
    for (let asked = 0; asked < 2 * 96; asked++) {
      await gateway.ask({ user, password: 'old password', from: place })
      gateway.pass(15 * minute)
    }
    expect(await verbs['user show'](gateway.services(), { name: user })).toMatchObject({ guesses: 2 })
  })
})

/** Twenty wrong passwords for one user, too slow to lock it. */
const offend = async (place: string) => guessSlowly(gateway, await newUser(gateway), 20, () => place)

describe('address', () => {
  test('twenty wrong passwords in ten minutes ban it for 15 minutes, then 1, 6, 24 and 24 hours', async () => {
    const place = newPlace()
    for (const duration of [15 * minute, hour, 6 * hour, day, day]) {
      const probe = await newUser(gateway)
      const user = await newUser(gateway)
      await guessSlowly(gateway, user, 19, () => place)
      expect(await standing(gateway, await newUser(gateway), place)).toBe('ok: ok')
      await guess(gateway, user, place)
      expect(await standing(gateway, probe, place)).toBe('later: banned_automatically')
      expect(await standing(gateway, probe, neighbour(place, 8))).toBe('ok: ok')
      gateway.pass(duration - 1)
      expect(await standing(gateway, await newUser(gateway), place)).toBe('later: banned_automatically')
      gateway.pass(1)
      expect(await standing(gateway, await newUser(gateway), place)).toBe('ok: ok')
    }
    const bans = await bansOf(place)
    expect(bans.map(({ level }) => level)).toEqual([4, 3, 2, 1, 0])
    expect(bans[0]).toMatchObject({ cidr: `${place}/32`, event_type: 'address', author: 'automatic' })
    expect(bans[0]!.evidence).toMatchObject({ counter: 'address', count: 20 })
    gateway.pass(7 * day)
    await offend(place)
    expect(await bansOf(place)).toMatchObject([{ level: 0 }, {}, {}, {}, {}, {}])
  })

  test('in IPv6 it is the /64', async () => {
    await guessSlowly(gateway, await newUser(gateway), 20, n => `2001:db8:1:1::${n + 1}`)
    expect(await standing(gateway, await newUser(gateway), '2001:db8:1:1:ffff::1')).toBe(
      'later: banned_automatically',
    )
    expect(await standing(gateway, await newUser(gateway), '2001:db8:1:2::1')).toBe('ok: ok')
  })

  test('twenty in more than ten minutes do not ban', async () => {
    const place = newPlace()
    const user = await newUser(gateway)
    for (let n = 0; n < 30; n++) {
      await guess(gateway, user, place)
      gateway.pass(32 * second)
    }
    expect(await bansOf(place)).toEqual([])
  })

  test('what users mistype in a network that is familiar to them does not count', async () => {
    const place = newPlace()
    for (let n = 0; n < 30; n++) await guess(gateway, await newUserAt(gateway, place), place)
    expect(await bansOf(place)).toEqual([])
  })

  test('a ban spares the users who are familiar there', async () => {
    const place = newPlace()
    const user = await newUserAt(gateway, place)
    await offend(place)
    expect(await standing(gateway, user, place)).toBe('ok: ok')
    expect(await standing(gateway, await newUser(gateway), place)).toBe('later: banned_automatically')
  })
})

describe('network', () => {
  test('its answers are slow from the thirtieth wrong password on, and it is banned at the sixtieth', async () => {
    const place = newPlace()
    const users = await Promise.all(Array.from({ length: 9 }, () => newUser(gateway)))
    const waits: (string | null)[] = []
    for (let n = 0; n < 60; n++) {
      expect(await bansOf(place)).toEqual([])
      const wrong = { user: users[n % 9]!, password: `wrong ${n}`, from: neighbour(place, n + 1) }
      waits.push((await gateway.ask(wrong)).wait)
      gateway.pass(2 * second)
    }
    expect(waits).toEqual([...Array(30).fill('1'), ...Array(30).fill('5')])
    expect(await bansOf(place)).toMatchObject([{ event_type: 'network', cidr: place.replace('.7', '.0/24') }])
    expect(await standing(gateway, await newUser(gateway), neighbour(place, 200))).toBe(
      'later: banned_automatically',
    )
    gateway.pass(15 * minute)
    expect(await standing(gateway, await newUser(gateway), neighbour(place, 200))).toBe('ok: ok')
  })
})

describe('spraying', () => {
  test('ten users in an hour, known or not, ban the network', async () => {
    const place = newPlace()
    const user = await newUserAt(gateway, place)
    await spray(gateway, 9, place)
    gateway.pass(59 * minute)
    expect(await bansOf(place)).toEqual([])
    await spray(gateway, 1, neighbour(place, 8))
    expect(await bansOf(place)).toMatchObject([
      { event_type: 'spraying', cidr: place.replace('.7', '.0/24') },
    ])
    expect(await standing(gateway, await newUser(gateway), neighbour(place, 9))).toBe(
      'later: banned_automatically',
    )
    expect(await standing(gateway, user, place)).toBe('ok: ok')
  })

  test('the first user is forgotten after an hour', async () => {
    const place = newPlace()
    await spray(gateway, 9, place)
    gateway.pass(hour)
    await spray(gateway, 9, place)
    expect(await bansOf(place)).toEqual([])
  })
})

describe('stuffing', () => {
  test('twelve networks in a day leave familiar networks only, and raise one alert', async () => {
    const home = newPlace()
    const user = await newUserAt(gateway, home)
    await guessSlowly(gateway, user, 11, newPlace)
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
    await guessSlowly(gateway, user, 1, newPlace)
    expect(await standing(gateway, user, newPlace())).toBe('later: many_networks')
    expect(await standing(gateway, user, home)).toBe('ok: ok')
    expect(alertsAbout(user)).toMatchObject([{ alert: 'stuffing' }])
    gateway.pass(day - patience - 1)
    expect(await standing(gateway, user, newPlace())).toBe('later: many_networks')
    gateway.pass(1)
    expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
  })

  test('the owner stays in while a hundred networks attack, strangers stay out with the right password', async () => {
    const home = newPlace()
    const user = await newUserAt(gateway, home)
    const hashes = await hashesOf(() =>
      Promise.all(Array.from({ length: 100 }, () => guess(gateway, user, newPlace()))),
    )
    expect(hashes).toBe(5)
    for (let n = 0; n < 100; n++) {
      await guess(gateway, user, newPlace())
      gateway.pass(10 * second)
      expect(await login(gateway, user, home)).toBe(answers.ok)
    }
    expect(await standing(gateway, user, newPlace())).toBe('later: many_networks')
  })
})

describe('bans by an administrator', () => {
  test.each([
    ['/24', '203.0.113.0/24', '203.0.113.77', '203.0.112.77'],
    ['/64', '2001:db8:7:7::/64', '2001:db8:7:7::77', '2001:db8:7:8::77'],
  ])(
    'a %s refuses everyone at the next attempt, and lets in at the next one once lifted',
    async (_, cidr, inside, beside) => {
      const user = await newUserAt(gateway, inside)
      await verbs['ban add'](gateway.services(), { cidr, duration: hour, reason: 'test' })
      expect(await standing(gateway, user, inside)).toBe('wrong: banned')
      expect(await standing(gateway, user, beside)).toBe('ok: ok')
      await verbs['ban remove'](gateway.services(), { ban: cidr })
      expect(await standing(gateway, user, inside)).toBe('ok: ok')
      await verbs['ban add'](gateway.services(), { cidr, duration: hour, reason: 'test' })
      gateway.pass(hour - 1)
      expect(await standing(gateway, user, inside)).toBe('wrong: banned')
      gateway.pass(1)
      expect(await standing(gateway, user, inside)).toBe('ok: ok')
    },
  )

  test('one for ever does not end', async () => {
    const place = newPlace()
    await verbs['ban add'](gateway.services(), { cidr: place, duration: null, reason: 'test' })
    gateway.pass(400 * day)
    expect(await standing(gateway, await newUser(gateway), place)).toBe('wrong: banned')
  })

  test('the allowlist does not beat them', async () => {
    const place = newPlace()
    await verbs['exception add'](gateway.services(), { kind: 'allow', cidr: place })
    await verbs['ban add'](gateway.services(), { cidr: place, duration: hour, reason: 'test' })
    expect(await standing(gateway, await newUser(gateway), place)).toBe('wrong: banned')
  })
})

test('those who are banned, or shut out, take no places from others', async () => {
  const [bad, home] = [newPlace(), newPlace()]
  await spray(gateway, 10, bad)
  const user = await newUser(gateway)
  await guessTimes(user, 20, bad)
  expect(await standing(gateway, user, newPlace())).toBe('ok: ok')
  // Not even while it is asked.
  const { hot } = gateway.services()
  let [asking, most] = [true, 0]
  const asked = Promise.all(Array.from({ length: 40 }, () => guess(gateway, user, bad))).then(() => {
    asking = false
  })
  while (asking) {
    const [taken] = await hot.apply([{ op: 'read', key: `tried:${user}` }])
    most = Math.max(most, Number(taken))
    await new Promise(resolve => setImmediate(resolve))
  }
  await asked
  expect(most).toBe(0)
  const other = await newUserAt(gateway, home)
  await guessSlowly(gateway, other, 12, newPlace)
  gateway.pass(day - patience - second)
  await guessTimes(other, 20, newPlace())
  gateway.pass(second)
  expect(await standing(gateway, other, newPlace())).toBe('ok: ok')
})

describe('exceptions', () => {
  test('the allowlist opens what is banned automatically, and keeps it open', async () => {
    const place = newPlace()
    await spray(gateway, 10, place)
    const user = await newUser(gateway)
    expect(await standing(gateway, user, place)).toBe('later: banned_automatically')
    await verbs['exception add'](gateway.services(), { kind: 'allow', cidr: place })
    expect(await standing(gateway, user, place)).toBe('ok: ok')
    await spray(gateway, 30, place)
    expect(await standing(gateway, await newUser(gateway), place)).toBe('ok: ok')
    expect(await bansOf(place)).toHaveLength(1)
  })

  test('a shared address is never banned, an alert is raised instead', async () => {
    const webmail = newPlace()
    await verbs['exception add'](gateway.services(), { kind: 'shared', cidr: webmail })
    await offend(webmail)
    for (let n = 0; n < 6; n++) await spray(gateway, 10, webmail)
    expect(await bansOf(webmail)).toEqual([])
    const alerts = alertsAbout(webmail.replace(/\d+$/, '')).map(({ alert }) => alert)
    expect(new Set(alerts)).toEqual(new Set(['address', 'network', 'spraying']))
    const user = await newUser(gateway)
    await guessTimes(user, 5, webmail)
    expect(await standing(gateway, user, webmail)).toBe('later: locked')
  })

  test('a shared address stays open when its network is banned for what a neighbour did', async () => {
    const webmail = newPlace()
    await verbs['exception add'](gateway.services(), { kind: 'shared', cidr: webmail })
    await spray(gateway, 10, neighbour(webmail, 8))
    expect(await standing(gateway, await newUser(gateway), neighbour(webmail, 8))).toBe(
      'later: banned_automatically',
    )
    expect(await standing(gateway, await newUser(gateway), webmail)).toBe('ok: ok')
  })

  test('guesses at a shared address are no offence of its neighbours', async () => {
    const webmail = newPlace()
    await verbs['exception add'](gateway.services(), { kind: 'shared', cidr: webmail })
    await spray(gateway, 9, webmail)
    await spray(gateway, 1, neighbour(webmail, 8))
    expect(await bansOf(webmail)).toEqual([])
  })

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', 'unix:'])('%s is never banned', async from => {
    await spray(gateway, 40, from)
    expect(await standing(gateway, await newUser(gateway), from)).toBe('ok: ok')
  })
})

describe('what the client is told', () => {
  const later = {
    imap: { status: answers.later, code: null },
    pop3: { status: '[SYS/TEMP] Temporary failure, please try again later', code: null },
    smtp: { status: 'Temporary failure, please try again later', code: '454 4.7.0' },
  }
  const wrong = {
    imap: { status: answers.wrong, code: null },
    pop3: { status: '[AUTH] Invalid user name or password', code: null },
    smtp: { status: 'Invalid user name or password', code: '535 5.7.8' },
  }

  const causes: [
    string,
    typeof later | typeof wrong,
    { wait: string | null },
    () => Promise<{ user: string; from: string }>,
  ][] = [
    [
      'locked',
      later,
      { wait: '1' },
      async () => {
        const user = await newUser(gateway)
        await guessTimes(user, 5, newPlace())
        return { user, from: newPlace() }
      },
    ],
    [
      'locked_here',
      later,
      { wait: '1' },
      async () => {
        const from = newPlace()
        const user = await newUserAt(gateway, from)
        await guessTimes(user, 5, from)
        return { user, from }
      },
    ],
    [
      'many_networks',
      later,
      { wait: '1' },
      async () => {
        const user = await newUser(gateway)
        await guessSlowly(gateway, user, 12, newPlace)
        return { user, from: newPlace() }
      },
    ],
    [
      'banned_automatically',
      later,
      { wait: null },
      async () => {
        const from = newPlace()
        await spray(gateway, 10, from)
        return { user: await newUser(gateway), from }
      },
    ],
    [
      'banned',
      wrong,
      { wait: null },
      async () => {
        const from = newPlace()
        await verbs['ban add'](gateway.services(), { cidr: from, duration: hour, reason: 'test' })
        return { user: await newUser(gateway), from }
      },
    ],
    [
      'disabled',
      wrong,
      { wait: '1' },
      async () => {
        const user = await newUser(gateway)
        await setEnabled(gateway.services(), user, false)
        return { user, from: newPlace() }
      },
    ],
    ['unknown_user', wrong, { wait: '1' }, async () => ({ user: newName(), from: newPlace() })],
  ]

  test.each(causes)('%s', async (reason, texts, wait, prepare) => {
    const attempt = await prepare()
    for (const protocol of ['imap', 'pop3', 'smtp'] as const) {
      expect(await gateway.ask({ ...attempt, password, protocol })).toEqual({
        ...texts[protocol],
        ...wait,
        pass: null,
      })
      expect(await gateway.lastRow()).toMatchObject({ reason })
    }
  })
})

describe('one user, one count', () => {
  test('letter case, the default domain, punycode and blanks open no fresh count', async () => {
    const spellings = (name: string) => [
      `${name}@example.com`,
      `${name.toUpperCase()}@Example.COM`,
      name,
      `${name} `,
      ` ${name}@example.com`,
      `${name}@example.com `,
      `${name}@ＥＸＡＭＰＬＥ.com`,
      `${name}@example.com.`,
    ]
    const name = (await newUser(gateway)).replace('@example.com', '')
    const hashes = await hashesOf(async () => {
      for (const spelling of [...spellings(name), ...spellings(name)])
        await guess(gateway, spelling, newPlace())
    })
    expect(hashes).toBe(5)
    expect(await standing(gateway, name, newPlace())).toBe('later: locked')
    const idn = `${newName().split('@')[0]}@bücher.example`
    for (const spelling of [idn, idn.replace('bücher', 'xn--bcher-kva'), idn.replace('bü', 'BÜ'), idn, idn]) {
      await guess(gateway, spelling, newPlace())
    }
    expect(await standing(gateway, idn.replace('bücher', 'XN--BCHER-KVA'), newPlace())).toBe('later: locked')
  })

  test('after a change of password the old one is a new guess', async () => {
    const user = await newUser(gateway)
    const place = newPlace()
    const old = { user, password: 'old password', from: place }
    await gateway.ask(old)
    expect((await gateway.lastRow()).counters).toContain('user 1/5, total 1/100')
    await gateway.ask(old)
    expect((await gateway.lastRow()).counters).toBe('')
    await setPassword(gateway.services(), user, 'another horse 2')
    await gateway.ask(old)
    expect((await gateway.lastRow()).counters).toContain('user 2/5, total 2/100')
  })
})
