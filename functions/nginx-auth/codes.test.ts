/** One-time codes as mail clients meet them: once each, and then the same string at every reconnect. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verbs } from '../../infra/adapter/verbs.ts'
import { answers, type Guarded, openGuarded } from '../../infra/e2e/guarded.ts'
import { day, hour, minute, newName, newPlace, newUser, second } from '../../infra/e2e/guessers.ts'
import { codeAt } from '../../lib/mailbox/codes.ts'
import { addMailbox, deleteMailbox, setEnabled, setMailbox, setPassword } from '../../lib/mailbox/manage.ts'
import { stepAt } from '../../lib/mailbox/rules.ts'
import type { Services } from '../../lib/runtime/services.ts'

const password = 'correct horse 1'
let gateway: Guarded

beforeAll(async () => {
  gateway = await openGuarded()
})
afterAll(() => gateway?.close())

interface Owner {
  name: string
  /** The code of so many steps from now. */
  code(offset?: number): string
}

const secretOf = (otpauth: string) => new URL(otpauth).searchParams.get('secret')!

async function newOwner(own = password, at = gateway): Promise<Owner> {
  const name = newName()
  const added = await addMailbox(at.services(), { name, password: own, totp: true })
  return { name, code: codesOf('otpauth' in added ? added.otpauth : '', at) }
}

const codesOf =
  (otpauth: string, at = gateway) =>
  (offset = 0) =>
    codeAt(secretOf(otpauth), stepAt(at.now()) + offset)

/** What the string is told, and why. */
async function send(user: string, text: string, from: string, at = gateway): Promise<string> {
  const { status } = await at.ask({ user, password: text, from })
  const { reason } = await at.lastRow()
  const told = Object.entries(answers).find(([, known]) => known === status)?.[0]
  return `${told}: ${reason}`
}

const people = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)))
const hashesOf = async (work: () => Promise<unknown>) => {
  const before = gateway.hashes()
  await work()
  return gateway.hashes() - before
}
const countersOf = async (user: string) => {
  const { counters, guesses } = await verbs['user show'](gateway.services(), { name: user })
  return { guesses, wrong: counters?.map(({ wrong }) => wrong) }
}
const nothingCounted = (networks = 0) => ({ guesses: 0, wrong: Array(networks + 1).fill(0) })
const grantsOf = (name: string, services: Services = gateway.services()) =>
  verbs['user grants'](services, { name })

describe('a phone', () => {
  test('that reconnects every five minutes for a day with what it has stored gets in, with one code used', async () => {
    const { name, code } = await newOwner()
    const home = newPlace()
    const stored = password + code()
    const hashes = await hashesOf(async () => {
      for (let asked = 0; asked < 288; asked++) {
        expect(await send(name, stored, home)).toBe('ok: ok')
        gateway.pass(5 * minute)
      }
    })
    expect(hashes).toBe(1)
    expect(await grantsOf(name)).toMatchObject([{ state: 'live', roamed: false }])
  })

  test('that opens ten connections at once with a fresh code gets in with all of them, for one hash', async () => {
    const { name, code } = await newOwner()
    const home = newPlace()
    const stored = password + code()
    const told = await people(10, () => gateway.ask({ user: name, password: stored, from: home }))
    expect(told.map(({ status }) => status)).toEqual(Array(10).fill('OK'))
    expect(await grantsOf(name)).toHaveLength(1)
  })

  test('stays in for seven days without use, thirty days with use, and across a restart', async () => {
    const { name, code } = await newOwner()
    const home = newPlace()
    const stored = password + code()
    expect(await send(name, stored, home)).toBe('ok: ok')
    gateway.pass(7 * day - minute)
    await gateway.restart()
    expect(await send(name, stored, home)).toBe('ok: ok')
    gateway.pass(7 * day)
    expect(await send(name, stored, home)).toBe('wrong: grant_ended')

    const next = password + code()
    const begun = stepAt(gateway.now())
    expect(await send(name, next, home)).toBe('ok: ok')
    for (let days = 0; days < 29; days++) {
      gateway.pass(day)
      expect(await send(name, next, home)).toBe('ok: ok')
    }
    gateway.pass(begun * 30 * second + 30 * day - gateway.now() - 1)
    expect(await send(name, next, home)).toBe('ok: ok')
    gateway.pass(1)
    expect(await send(name, next, home)).toBe('wrong: grant_ended')
    expect(await countersOf(name)).toEqual(nothingCounted(1))
  })

  test('in another network types a new code there, and both networks stay good', async () => {
    const { name, code } = await newOwner()
    const [home, work] = [newPlace(), newPlace()]
    const first = password + code()
    expect(await send(name, first, home)).toBe('ok: ok')
    gateway.pass(hour)
    expect(await send(name, first, work)).toBe('wrong: grant_elsewhere')
    const other = password + code()
    expect(await send(name, other, work)).toBe('ok: ok')
    expect(await send(name, first, home)).toBe('ok: ok')
    expect(await send(name, other, home)).toBe('wrong: grant_elsewhere')
    expect(await countersOf(name)).toEqual(nothingCounted(2))
  })

  test('behind a unix socket, without an address, has its grants too', async () => {
    const { name, code } = await newOwner()
    const stored = password + code()
    expect(await send(name, stored, 'unix:')).toBe('ok: ok')
    gateway.pass(hour)
    expect(await send(name, stored, 'unix:')).toBe('ok: ok')
    expect(await send(name, stored, newPlace())).toBe('wrong: grant_elsewhere')
  })
})

describe('a code works once', () => {
  test('not from another network', async () => {
    const { name, code } = await newOwner()
    const stored = password + code()
    expect(await send(name, stored, newPlace())).toBe('ok: ok')
    expect(await send(name, stored, newPlace())).toBe('wrong: grant_elsewhere')
  })

  test('not in the same instant from two networks, or from fifty', async () => {
    const { name, code } = await newOwner()
    for (const networks of [2, 50]) {
      const stored = password + code()
      const told = await people(networks, () =>
        gateway.ask({ user: name, password: stored, from: newPlace() }),
      )
      expect(told.filter(({ status }) => status === 'OK')).toHaveLength(1)
      expect(told.filter(({ status }) => status === answers.wrong)).toHaveLength(networks - 1)
      gateway.pass(minute)
    }
    expect(await countersOf(name)).toMatchObject({ guesses: 0 })
  })

  test('not with the clock set back, from another network or with grants that have ended', async () => {
    const { name, code } = await newOwner()
    const home = newPlace()
    const stored = password + code()
    expect(await send(name, stored, home)).toBe('ok: ok')
    for (const back of [30, 90]) {
      gateway.setClock(-back * second)
      expect(await send(name, stored, newPlace())).toBe('wrong: grant_elsewhere')
      gateway.setClock(back * second)
    }
    await verbs['user revoke'](gateway.services(), { name })
    for (const back of [30, 90]) {
      gateway.setClock(-back * second)
      expect(await send(name, stored, home)).toBe('wrong: grant_ended')
      expect(await send(name, stored, newPlace())).toBe('wrong: grant_ended')
      gateway.setClock(back * second)
    }
  })

  test('nor does one of a step before the one that was used', async () => {
    const { name, code } = await newOwner()
    gateway.setClock(-30 * second)
    const before = password + code()
    gateway.setClock(30 * second)
    expect(await send(name, password + code(), newPlace())).toBe('ok: ok')
    expect(await send(name, before, newPlace())).toBe('wrong: code_spent')
  })

  test('not after a restart', async () => {
    const { name, code } = await newOwner()
    const stored = password + code()
    expect(await send(name, stored, newPlace())).toBe('ok: ok')
    await gateway.restart()
    expect(await send(name, stored, newPlace())).toBe('wrong: grant_elsewhere')
  })

  test('the next one, thirty seconds later, works, once', async () => {
    const { name, code } = await newOwner()
    expect(await send(name, password + code(), newPlace())).toBe('ok: ok')
    gateway.pass(30 * second)
    const next = password + code()
    expect(await send(name, next, newPlace())).toBe('ok: ok')
    expect(await send(name, next, newPlace())).toBe('wrong: grant_elsewhere')
  })

  test('one step early and one step late it is accepted, two steps late it is too old', async () => {
    const { name, code } = await newOwner()
    const late = password + code()
    gateway.pass(30 * second)
    expect(await send(name, late, newPlace())).toBe('ok: ok')
    gateway.pass(30 * second)
    const older = password + code()
    gateway.pass(60 * second)
    expect(await send(name, older, newPlace())).toBe('wrong: code_old')
    expect(await send(name, password + code(1), newPlace())).toBe('ok: ok')
  })
})

describe('what counts as a guess', () => {
  /** Codes that are none of the last ones. */
  const wrongCodes = (code: Owner['code'], count: number) => {
    const valid = new Set(Array.from({ length: 24 }, (_, n) => code(n - 21)))
    const codes = Array.from({ length: count + 24 }, (_, n) => String(n * 907).padStart(6, '0'))
    return codes.filter(text => !valid.has(text)).slice(0, count)
  }

  test.each(['strangers', 'the familiar network'])(
    'of 1,000 codes behind the right password, sent at once by %s, five are looked at, and the right one is none of them',
    async who => {
      const { name, code } = await newOwner()
      const home = newPlace()
      expect(await send(name, password + code(), home)).toBe('ok: ok')
      // Whoever knows the password can have it remembered.
      expect(await send(name, password, newPlace())).toBe('wrong: code_missing')
      const from = () => (who === 'strangers' ? newPlace() : home)
      const codes = [...wrongCodes(code, 999), code(1)]
      let told: (string | null)[] = []
      const hashes = await hashesOf(async () => {
        const answers = await people(1_000, n =>
          gateway.ask({ user: name, password: password + codes[n], from: from() }),
        )
        told = answers.map(({ status }) => status)
      })
      expect(hashes).toBe(5)
      expect(told.filter(status => status === answers.wrong)).toHaveLength(5)
      expect(told.at(-1)).toBe(answers.later)
      const stranger = await send(name, password + code(1), newPlace())
      expect(stranger).toBe(who === 'strangers' ? 'later: locked' : 'ok: ok')
    },
  )

  test.each(['with codes', 'without'])(
    'of 1,000 passwords sent at once for a mailbox %s five are looked at, and the remembered right one is none of them',
    async kind => {
      const name = kind === 'without' ? await newUser(gateway) : (await newOwner()).name
      for (let n = 0; n < 2; n++) await gateway.ask({ user: name, password, from: newPlace() })
      const tried = [...Array.from({ length: 999 }, (_, n) => `guess ${n}`), password]
      let told: { status: string | null }[] = []
      const hashes = await hashesOf(async () => {
        told = await people(1_000, n => gateway.ask({ user: name, password: tried[n]!, from: newPlace() }))
      })
      expect(hashes).toBe(5)
      // One whose guess is not counted in a second, among so many, is told to come again.
      expect(told.filter(({ status }) => status === answers.wrong).length).toBeLessThanOrEqual(5)
      expect(new Set(told.map(({ status }) => status))).not.toContain(answers.ok)
      expect(told.at(-1)).toMatchObject({ status: answers.later })
    },
  )

  test('a wrong code, and a wrong password with the right code', async () => {
    const { name, code } = await newOwner()
    const right = code()
    const wrong = right === '000000' ? '000001' : '000000'
    expect(await send(name, password + wrong, newPlace())).toBe('wrong: wrong_password')
    expect((await gateway.lastRow()).counters).toMatch(/^user 1\/5/)
    expect(await send(name, `not ${password}${right}`, newPlace())).toBe('wrong: wrong_password')
    expect((await gateway.lastRow()).counters).toMatch(/^user 2\/5/)
    // The code itself was not spent by that.
    expect(await send(name, password + right, newPlace())).toBe('ok: ok')
  })

  test('one wrong password with ever new codes is one guess', async () => {
    const { name, code } = await newOwner()
    for (let n = 0; n < 10; n++) {
      expect(await send(name, `old password${code()}`, newPlace())).toBe('wrong: wrong_password')
      gateway.pass(30 * second)
    }
    expect(await countersOf(name)).toMatchObject({ guesses: 1 })
  })

  test('not: what five programs had stored before codes were switched off', async () => {
    const { name, code } = await newOwner()
    const home = newPlace()
    const stored: string[] = []
    for (let n = 0; n < 5; n++) {
      stored.push(password + code())
      expect(await send(name, stored.at(-1)!, home)).toBe('ok: ok')
      gateway.pass(30 * second)
    }
    await verbs['user totp disable'](gateway.services(), { name })
    for (let n = 0; n < 3; n++)
      for (const text of stored) expect(await send(name, text, home)).toBe('wrong: grant_ended')
    expect(await countersOf(name)).toEqual(nothingCounted(1))
    expect(await send(name, password, home)).toBe('ok: ok')
  })

  test('not: no code, a spent one, an old one, an ended grant; a hundred times each, all with the text of a wrong password', async () => {
    const { name, code } = await newOwner()
    const [home, away] = [newPlace(), newPlace()]
    const old = password + code()
    gateway.pass(minute)
    const stored = password + code()
    expect(await send(name, stored, home)).toBe('ok: ok')
    const revoked = password + code(1)
    expect(await send(name, revoked, home)).toBe('ok: ok')
    const [grant] = await grantsOf(name)
    await verbs['user revoke'](gateway.services(), { name, grant: grant!.id })
    const refusals = {
      [password]: 'code_missing',
      [old]: 'code_spent',
      [stored]: 'grant_elsewhere',
      [revoked]: 'grant_ended',
    }
    for (const [text, reason] of Object.entries(refusals)) {
      const hashes = await hashesOf(async () => {
        for (let n = 0; n < 100; n++) expect(await send(name, text, away)).toBe(`wrong: ${reason}`)
      })
      // As a wrong password that comes again and again.
      expect(hashes, reason).toBe(1)
    }
    expect(await countersOf(name)).toEqual(nothingCounted(1))
    gateway.pass(30 * second)
    expect(await send(name, password + code(1), away)).toBe('ok: ok')
  })
})

describe('neither cost nor text tells what is wrong', () => {
  /** Each makes a user and says what to send, from a place that the user has never been to. */
  const cases: [string, () => Promise<{ name: string; text: string }>][] = [
    ['unknown user', async () => ({ name: newName(), text: password })],
    ['unknown user, six digits at the end', async () => ({ name: newName(), text: `${password}123456` })],
    ['wrong password', async () => ({ name: await newUser(gateway), text: 'wrong password' })],
    [
      'wrong password, six digits at the end',
      async () => ({ name: await newUser(gateway), text: `${password}123456` }),
    ],
    [
      'disabled',
      async () => {
        const name = await newUser(gateway)
        await setEnabled(gateway.services(), name, false)
        return { name, text: password }
      },
    ],
    [
      'disabled, wrong password',
      async () => {
        const name = await newUser(gateway)
        await setEnabled(gateway.services(), name, false)
        return { name, text: 'wrong password' }
      },
    ],
    ['codes, wrong password', async () => ({ name: (await newOwner()).name, text: 'wrong password' })],
    [
      'codes, wrong password and right code',
      async () => {
        const { name, code } = await newOwner()
        return { name, text: `wrong password${code()}` }
      },
    ],
    ['codes, no code', async () => ({ name: (await newOwner()).name, text: password })],
    ['codes, wrong code', async () => ({ name: (await newOwner()).name, text: `${password}000000` })],
    [
      'codes, old code',
      async () => {
        const { name, code } = await newOwner()
        return { name, text: password + code(-5) }
      },
    ],
    [
      'codes, spent code',
      async () => {
        const { name, code } = await newOwner()
        await send(name, password + code(), newPlace())
        return { name, text: password + code() }
      },
    ],
    [
      'codes, ended grant',
      async () => {
        const { name, code } = await newOwner()
        const text = password + code()
        await send(name, text, newPlace())
        await verbs['user revoke'](gateway.services(), { name })
        return { name, text }
      },
    ],
    [
      'codes, right code, disabled',
      async () => {
        const { name, code } = await newOwner()
        await setEnabled(gateway.services(), name, false)
        return { name, text: password + code() }
      },
    ],
    [
      'codes, right code, another protocol',
      async () => {
        const { name, code } = await newOwner()
        await setMailbox(gateway.services(), name, { protocols: ['smtp'] })
        return { name, text: password + code() }
      },
    ],
  ]
  test.each(cases)('%s: one hash the first time, none when it comes again', async (_, prepare) => {
    const { name, text } = await prepare()
    const from = newPlace()
    for (const hashes of [1, 0]) {
      const before = gateway.hashes()
      expect(await gateway.ask({ user: name, password: text, from })).toEqual({
        status: answers.wrong,
        code: null,
        pass: null,
        wait: '1',
      })
      expect(gateway.hashes() - before).toBe(hashes)
    }
  })
})

describe('passwords of every kind', () => {
  const kinds: Record<string, string> = {
    'ends in six digits': 'horse 123456',
    'is digits only': '314159265358',
    'has 72 bytes': 'x'.repeat(72),
    'has 72 bytes of UTF-8': 'é'.repeat(36),
    'is Chinese': '正确的马和订书钉电池',
    'ends in an emoji': 'correct horse 🐴',
    'ends in a combining mark': 'correct horse e\u0301',
  }
  test.each(Object.entries(kinds))('%s', async (_, own) => {
    const { name, code } = await newOwner(own)
    const [home, away] = [newPlace(), newPlace()]
    expect(await send(name, own, home)).toBe('wrong: code_missing')
    const stored = own + code()
    expect(await send(name, stored, home)).toBe('ok: ok')
    expect(await send(name, stored, home)).toBe('ok: ok')
    gateway.pass(30 * second)
    expect(await send(name, own + code(), away)).toBe('ok: ok')
    expect(await countersOf(name)).toMatchObject({ guesses: 0 })
  })

  test('a code with leading zeros', async () => {
    const { name, code } = await newOwner()
    while (!code().startsWith('00')) gateway.pass(30 * second)
    expect(await send(name, password + code(), newPlace())).toBe('ok: ok')
  })

  test('of a user without codes, when it looks like password and code', async () => {
    const name = newName()
    const place = newPlace()
    for (const own of ['horse 123456', `${'x'.repeat(66)}123456`]) {
      if (own.startsWith('h')) await addMailbox(gateway.services(), { name, password: own })
      else await setPassword(gateway.services(), name, own)
      expect(await send(name, own, place)).toBe('ok: ok')
      expect(await send(name, `${own}7`, place)).toMatch(/^wrong: (wrong_password|password_too_long)$/)
    }
  })

  test('one that shares its first 72 bytes with the right one, and 78 bytes that end in digits', async () => {
    const own = 'x'.repeat(72)
    const { name, code } = await newOwner(own)
    const plain = newName()
    await addMailbox(gateway.services(), { name: plain, password: own })
    expect(await send(name, `${own}y${code()}`, newPlace())).toBe('wrong: password_too_long')
    for (const user of [name, plain, newName()]) {
      const told = await hashesOf(async () => {
        expect(await send(user, `${own}999999`, newPlace())).toBe(
          user === name || user === plain ? 'wrong: wrong_password' : 'wrong: unknown_user',
        )
      })
      expect(told, user).toBe(1)
    }
    expect(await send(plain, own, newPlace())).toBe('ok: ok')
  })

  test('six digits alone are no password with a code', async () => {
    const { name, code } = await newOwner()
    expect(await send(name, code(), newPlace())).toBe('wrong: wrong_password')
  })

  test('any password, any moment: the right code lets in once, and the backend gets the bytes before it', async () => {
    // A space at an end cannot be passed on, and a control character never arrives.
    const passwords = fc
      .string({ unit: 'grapheme', minLength: 8, maxLength: 24 })
      .filter(
        text =>
          /^[^\p{C} ].*[^\p{C} ]$/su.test(text) &&
          !/\p{C}/u.test(text) &&
          Buffer.byteLength(text.normalize('NFC')) <= 72,
      )
    await fc.assert(
      fc.asyncProperty(passwords, fc.integer({ min: 0, max: 600 }), async (own, seconds) => {
        gateway.pass(seconds * second)
        const { name, code } = await newOwner(own)
        const answer = await gateway.ask({ user: name, password: own + code(), from: newPlace() })
        expect(answer).toMatchObject({ status: 'OK', pass: own })
        expect(await send(name, own + code(), newPlace())).toBe('wrong: grant_elsewhere')
      }),
      { numRuns: 40 },
    )
  })

  test.each([' leading space', 'trailing space '])(
    '%j cannot reach the backend: not to be set, and refused before the code is spent',
    async own => {
      const services = gateway.services()
      await expect(newOwner(own)).rejects.toThrow(/^password must not begin or end with a space/)
      const { name, code } = await newOwner()
      await expect(setPassword(services, name, own)).rejects.toThrow(/^password must not begin or end/)
      // As one that was set before there were codes.
      const plain = newName()
      await addMailbox(services, { name: plain, password: own })
      const { otpauth } = await verbs['user totp enable'](services, { name: plain })
      await verbs['user totp confirm'](services, { name: plain, code: null })
      const place = newPlace()
      expect(await send(plain, own + codesOf(otpauth)(), place)).toBe('wrong: password_unsendable')
      await verbs['user totp disable'](services, { name: plain })
      expect(await send(plain, own, place)).toBe('ok: ok')
      expect(await send(name, password + code(), place)).toBe('ok: ok')
    },
  )

  test('without codes the backend gets what the client sent', async () => {
    const user = await newUser(gateway)
    expect(await gateway.ask({ user, password, from: newPlace() })).toMatchObject({
      status: 'OK',
      pass: null,
    })
  })
})

describe('the stored string is refused at the next request after', () => {
  const changes: [string, (name: string) => Promise<unknown>, string][] = [
    ['a new password', name => setPassword(gateway.services(), name, 'another horse 2'), 'grant_ended'],
    ['the same password set again', name => setPassword(gateway.services(), name, password), 'grant_ended'],
    ['totp reset', name => verbs['user totp reset'](gateway.services(), { name }), 'grant_ended'],
    ['totp disable', name => verbs['user totp disable'](gateway.services(), { name }), 'grant_ended'],
    ['revoke', name => verbs['user revoke'](gateway.services(), { name }), 'grant_ended'],
    [
      'revoke of the one grant',
      async name => verbs['user revoke'](gateway.services(), { name, grant: (await grantsOf(name))[0]!.id }),
      'grant_ended',
    ],
    ['disable', name => setEnabled(gateway.services(), name, false), 'grant_ended'],
    [
      'disable and enable',
      async name => {
        await setEnabled(gateway.services(), name, false)
        await setEnabled(gateway.services(), name, true)
      },
      'grant_ended',
    ],
    ['delete', name => deleteMailbox(gateway.services(), name), 'unknown_user'],
  ]
  test.each(changes)('%s', async (_, change, reason) => {
    const { name, code } = await newOwner()
    const home = newPlace()
    const stored = password + code()
    for (let n = 0; n < 2; n++) expect(await send(name, stored, home)).toBe('ok: ok')
    await change(name)
    for (let n = 0; n < 2; n++) expect(await send(name, stored, home)).toBe(`wrong: ${reason}`)
  })

  test('and not after a change that is none of its business', async () => {
    const { name, code } = await newOwner()
    const home = newPlace()
    const stored = password + code()
    expect(await send(name, stored, home)).toBe('ok: ok')
    await setMailbox(gateway.services(), name, { owner: 'Joe' })
    await verbs['user unlock'](gateway.services(), { name })
    expect(await send(name, stored, home)).toBe('ok: ok')
    await setMailbox(gateway.services(), name, { protocols: ['smtp'] })
    expect(await send(name, stored, home)).toBe('wrong: protocol_not_allowed')
  })

  test('a reset makes a new secret, whose codes are in force at once', async () => {
    const { name, code } = await newOwner()
    const home = newPlace()
    expect(await send(name, password + code(), home)).toBe('ok: ok')
    const { otpauth } = await verbs['user totp reset'](gateway.services(), { name })
    const renewed = codesOf(otpauth)
    gateway.pass(minute)
    expect(await send(name, password + code(), home)).toBe('wrong: wrong_password')
    expect(await send(name, password, home)).toBe('wrong: code_missing')
    expect(await send(name, password + renewed(), home)).toBe('ok: ok')
  })
})

describe('enrolment', () => {
  test('pending changes nothing; the code that confirms is spent by that', async () => {
    const name = await newUser(gateway)
    const home = newPlace()
    const { otpauth, totp } = await verbs['user totp enable'](gateway.services(), { name })
    const code = codesOf(otpauth)
    expect(totp).toBe('pending')
    expect(await send(name, password, home)).toBe('ok: ok')
    const confirm = (text: string | null) =>
      verbs['user totp confirm'](gateway.services(), { name, code: text })
    await expect(confirm(code(-2))).rejects.toThrow(/^code is not the one of now/)
    await expect(confirm('12345')).rejects.toThrow(/^code must be the 6 digits/)
    expect(await send(name, password, home)).toBe('ok: ok')
    expect(await confirm(code())).toMatchObject({ totp: 'on' })
    expect(await send(name, password, home)).toBe('wrong: code_missing')
    expect(await send(name, password + code(), home)).toBe('wrong: code_spent')
    gateway.pass(30 * second)
    expect(await send(name, password + code(), home)).toBe('ok: ok')
  })

  test('forced by an administrator', async () => {
    const name = await newUser(gateway)
    const { otpauth } = await verbs['user totp enable'](gateway.services(), { name })
    await verbs['user totp confirm'](gateway.services(), { name, code: null })
    expect(await send(name, password, newPlace())).toBe('wrong: code_missing')
    expect(await send(name, password + codesOf(otpauth)(), newPlace())).toBe('ok: ok')
  })

  test('what cannot be done says what to do instead', async () => {
    const { name } = await newOwner()
    const plain = await newUser(gateway)
    const services = gateway.services()
    await expect(verbs['user totp enable'](services, { name })).rejects.toThrow(/totp reset/)
    await expect(verbs['user totp confirm'](services, { name, code: null })).rejects.toThrow(/user show/)
    await expect(verbs['user totp confirm'](services, { name: plain, code: null })).rejects.toThrow(
      /user show/,
    )
    await expect(verbs['user totp reset'](services, { name: plain })).rejects.toThrow(/totp enable/)
    await expect(verbs['user revoke'](services, { name, grant: 'x' })).rejects.toThrow(/user grants/)
    expect(await verbs['user totp disable'](services, { name: plain })).toMatchObject({ totp: 'off' })
  })

  test('the secret is sealed in the database', async () => {
    const name = newName()
    const added = await verbs['user add'](gateway.services(), { name, password, totp: true })
    const row = await gateway
      .services()
      .db.selectFrom('users')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
    expect(row.totp_secret).toMatch(/^v1\./)
    expect(JSON.stringify(row)).not.toContain(secretOf('otpauth' in added ? added.otpauth : ''))
  })
})

describe('with other settings', () => {
  const withSettings = async (settings: Record<string, string>, work: (own: Guarded) => Promise<void>) => {
    const own = await openGuarded(settings)
    try {
      await work(own)
    } finally {
      await own.close()
    }
  }

  test.each(['MAILGATEWAY_TOTP_GRANT_IDLE', 'MAILGATEWAY_TOTP_GRANT_MAX'])(
    '%s=0: a fresh code each time, shared only within its step and network',
    async variable => {
      await withSettings({ [variable]: '0', MAILGATEWAY_TOTP_GRANT_ROAM: '5' }, async own => {
        const { name, code } = await newOwner(password, own)
        const home = newPlace()
        const stored = password + code()
        const told = await people(10, () => own.ask({ user: name, password: stored, from: home }))
        expect(told.map(({ status }) => status)).toEqual(Array(10).fill('OK'))
        own.pass(30 * second - 1)
        expect(await send(name, stored, home, own)).toBe('ok: ok')
        expect(await send(name, stored, newPlace(), own)).toBe('wrong: grant_elsewhere')
        own.pass(1)
        expect(await send(name, stored, home, own)).toBe('wrong: grant_ended')
        own.setClock(-90 * second)
        expect(await send(name, stored, home, own)).toBe('wrong: grant_ended')
        own.setClock(90 * second)
        expect(await send(name, password + code(), home, own)).toBe('ok: ok')
      })
    },
  )

  test('grant_roam: so many new networks a day, no longer than the code allows', async () => {
    await withSettings({ MAILGATEWAY_TOTP_GRANT_ROAM: '2' }, async own => {
      const { name, code } = await newOwner(password, own)
      const stored = password + code()
      const [home, one, two, three, four] = Array.from({ length: 5 }, newPlace) as [
        string,
        string,
        string,
        string,
        string,
      ]
      expect(await send(name, stored, home, own)).toBe('ok: ok')
      const told = await people(20, () => own.ask({ user: name, password: stored, from: newPlace() }))
      expect(told.filter(({ status }) => status === 'OK')).toHaveLength(2)
      expect(await send(name, stored, one, own)).toBe('wrong: grant_elsewhere')
      own.pass(day)
      expect(await send(name, stored, one, own)).toBe('ok: ok')
      expect(await send(name, stored, one, own)).toBe('ok: ok')
      expect(await send(name, stored, two, own)).toBe('ok: ok')
      expect(await send(name, stored, three, own)).toBe('wrong: grant_elsewhere')
      for (let days = 0; days < 28; days++) {
        own.pass(day)
        expect(await send(name, stored, one, own)).toBe('ok: ok')
      }
      own.pass(day)
      expect(await send(name, stored, one, own)).toBe('wrong: grant_ended')
      expect(await send(name, stored, four, own)).toBe('wrong: grant_ended')
    })
  })

  test('what was revoked in one network roams to no other, nor back', async () => {
    await withSettings({ MAILGATEWAY_TOTP_GRANT_ROAM: '5' }, async own => {
      const { name, code } = await newOwner(password, own)
      const stored = password + code()
      const [home, away] = [newPlace(), newPlace()]
      for (const place of [home, away]) expect(await send(name, stored, place, own)).toBe('ok: ok')
      const grants = await grantsOf(name, own.services())
      const { id } = grants.find(({ roamed }) => roamed)!
      await verbs['user revoke'](own.services(), { name, grant: id })
      expect(await send(name, stored, away, own)).toBe('wrong: grant_elsewhere')
      expect(await send(name, stored, newPlace(), own)).toBe('wrong: grant_elsewhere')
      expect(await send(name, stored, home, own)).toBe('ok: ok')
    })
  })

  test('a new master secret: what was sealed and granted under the old one goes on, until it is not listed any more', async () => {
    const [old, newest] = ['an old secret of thirty-two bytes!!', 'a new secret of thirty-two bytes!!!']
    let secrets = old
    const settings = {
      get MAILGATEWAY_SECRET_KEY() {
        return secrets
      },
    }
    await withSettings(settings, async own => {
      const { name, code } = await newOwner(password, own)
      const home = newPlace()
      const stored = password + code()
      expect(await send(name, stored, home, own)).toBe('ok: ok')
      secrets = `${newest},${old}`
      await own.restart()
      expect(await send(name, stored, home, own)).toBe('ok: ok')
      own.pass(minute)
      const next = password + code()
      expect(await send(name, next, newPlace(), own)).toBe('ok: ok')
      secrets = newest
      await own.restart()
      expect(await send(name, password + code(1), newPlace(), own)).toBe('later: unavailable')
      expect(await verbs['secrets reseal'](own.services())).toEqual({
        resealed: 0,
        broken: [name],
        broken_settings: [],
      })
      secrets = `${newest},${old}`
      await own.restart()
      expect(await verbs['secrets reseal'](own.services())).toEqual({
        resealed: 1,
        broken: [],
        broken_settings: [],
      })
      expect(await verbs['secrets reseal'](own.services())).toEqual({
        resealed: 0,
        broken: [],
        broken_settings: [],
      })
      secrets = newest
      await own.restart()
      expect(await send(name, password + code(1), newPlace(), own)).toBe('ok: ok')
    })
  })
})
