/** Random weeks of a mail server: who asks for a login when, from where, with which password, and what people do meanwhile. */
import fc from 'fast-check'

export interface Attempt {
  user: string
  password: string
  from: string
}

export type Act =
  | { act: 'ban'; cidr: string; minutes: number }
  | { act: 'unlock'; user: string }
  | { act: 'restart' }
  | { act: 'set clock'; days: number }

/** What happens at one minute of the week: first the acts, then all attempts at once. */
export interface Step {
  minute: number
  acts: Act[]
  attempts: Attempt[]
}

export interface Week {
  users: string[]
  steps: Step[]
}

const minutes = 7 * 24 * 60
const offices = 4
const nameOf = (n: number) => `user${n}@example.com`
export const passwordOf = (user: string) => `the right one of ${user}`

/** Even offices share one address, in odd ones every client has its own. */
const addressIn = (office: number, client: number) => `198.18.${office}.${office % 2 ? 10 + client : 7}`
const ownMachine = ['127.0.0.1', '::1', 'unix:']

/** Most of it happens in the same hours, so that they get in each other's way. */
const minute = fc.tuple(fc.nat(6), fc.nat(90)).map(([day, minute]) => day * 1_440 + minute)
const user = fc.nat(9)
const office = fc.nat(offices - 1)
const outside = fc.nat(199).map(n => (n % 4 ? `198.19.${n}.66` : `2001:db8:${n}::66`))
const attackerPlace = fc.oneof(
  { weight: 3, arbitrary: outside },
  { weight: 3, arbitrary: office.map(n => addressIn(n, 66)) },
  { weight: 1, arbitrary: fc.constantFrom(...ownMachine) },
)

const phone = fc.record({
  user,
  office,
  start: minute,
  every: fc.constantFrom(1, 4, 15, 60, 480),
  times: fc.integer({ min: 1, max: 25 }),
  /** It got in once, then the password was changed elsewhere. */
  stale: fc.boolean(),
})
const attack = fc.record({
  kind: fc.constantFrom('one user', 'many users', 'many networks'),
  user,
  from: attackerPlace,
  start: minute,
  atOnce: fc.constantFrom(1, 3, 20),
  /** Minutes from one burst to the next: some come back whenever a ban is over. */
  every: fc.constantFrom(1, 1, 400),
  times: fc.integer({ min: 1, max: 90 }),
})
const act = fc.record({
  minute,
  act: fc.oneof(
    fc.record({
      act: fc.constant('ban' as const),
      cidr: fc.oneof(
        office.map(n => `198.18.${n}.0/24`),
        outside,
      ),
      minutes: fc.integer({ min: 1, max: 2_000 }),
    }),
    fc.record({ act: fc.constant('unlock' as const), user: user.map(nameOf) }),
    fc.record({ act: fc.constant('restart' as const) }),
    fc.record({ act: fc.constant('set clock' as const), days: fc.constantFrom(-1, 1) }),
  ),
})

type Timed = [minute: number, attempt: Attempt]

function attemptsOfPhone({
  user,
  office,
  start,
  every,
  times,
  stale,
}: typeof phone extends fc.Arbitrary<infer P> ? P : never): Timed[] {
  const name = nameOf(user)
  const from = addressIn(office, user)
  return Array.from({ length: times }, (_, n) => {
    const password = stale && n > 0 ? `the old one of ${name}` : passwordOf(name)
    return [start + n * every, { user: name, password, from }]
  })
}

function attemptsOfAttack(
  { kind, user, from, start, atOnce, every, times }: typeof attack extends fc.Arbitrary<infer A> ? A : never,
  serial: number,
): Timed[] {
  return Array.from({ length: times }, (_, n) => {
    const attempt = {
      user: kind === 'many users' ? nameOf(n % 2 ? n : 1_000 + n) : nameOf(user),
      password: `guess ${serial} ${n}`,
      from: kind === 'many networks' ? `198.19.${(serial * 40 + n) % 256}.5` : from,
    }
    return [start + Math.floor(n / atOnce) * every, attempt]
  })
}

function toWeek(
  count: number,
  phones: Timed[],
  attacks: Timed[],
  acts: { minute: number; act: Act }[],
): Week {
  const steps = new Map<number, Step>()
  const stepAt = (minute: number) => {
    const step = steps.get(minute) ?? { minute, acts: [], attempts: [] }
    steps.set(minute, step)
    return step
  }
  for (const [minute, attempt] of [...phones, ...attacks]) stepAt(minute).attempts.push(attempt)
  for (const { minute, act } of acts) stepAt(minute).acts.push(act)
  const inOrder = [...steps.values()]
    .filter(step => step.minute < minutes)
    .sort((a, b) => a.minute - b.minute)
  return { users: Array.from({ length: count }, (_, n) => nameOf(n)), steps: inOrder }
}

/** Names beyond the users' are mistyped or made up: no such mailbox. */
export const weeks: fc.Arbitrary<Week> = fc
  .record({
    count: fc.integer({ min: 8, max: 20 }),
    phones: fc.array(phone, { minLength: 8, maxLength: 25 }),
    attacks: fc.array(attack, { minLength: 3, maxLength: 10 }),
    acts: fc.array(act, { maxLength: 5 }),
  })
  .map(({ count, phones, attacks, acts }) =>
    toWeek(count, phones.flatMap(attemptsOfPhone), attacks.flatMap(attemptsOfAttack), acts),
  )
