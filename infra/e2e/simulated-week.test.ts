/** What must hold in every week, whoever attacks whom from where, and whatever administrators and clocks do meanwhile. */
import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coversThisMachine } from '../../lib/ban/own-places.ts'
import { contains, networkOf, parsePrefix } from '../../lib/ban/rules.ts'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { verbs } from '../adapter/verbs.ts'
import { answers, type Guarded, openGuarded } from './guarded.ts'
import { day, minute } from './guessers.ts'
import { type Act, type Attempt, passwordOf, type Step, type Week, weeks } from './simulated-world.ts'

/** Of a user for strangers, and for each familiar network: the defaults. */
const limit = 5
/** As long as an attempt can matter for a lock: counted for a minute, locked for five. */
const lockMinutes = 6

/** What the outside can know of the gateway's state. */
interface Model {
  /** User and network of every success. */
  familiar: Set<string>
  wrong: { minute: number; pair: string; password: string }[]
  /** Until which minute an administrator's ban may hold, at the latest. */
  bans: { cidr: string; minutes: number; end: number }[]
  attempts: number
}

const isRight = ({ user, password }: Attempt) => password === passwordOf(user)
const pairOf = ({ user, from }: Attempt) => `${user} ${networkOf(from)}`

async function doAct(gateway: Guarded, model: Model, week: Week, act: Act, now: number): Promise<void> {
  const services = gateway.services()
  switch (act.act) {
    case 'ban':
      await verbs['ban add'](services, {
        cidr: act.cidr,
        duration: act.minutes * minute,
        reason: 'simulated',
      })
      model.bans.push({ cidr: act.cidr, minutes: act.minutes, end: now + act.minutes })
      return
    case 'unlock':
      if (week.users.includes(act.user)) await verbs['user unlock'](services, { name: act.user })
      return
    case 'restart':
      await gateway.restart()
      // With the wall clock set back, a ban is taken to have its whole time before it.
      for (const ban of model.bans) ban.end = Math.max(ban.end, now + ban.minutes)
      return
    case 'set clock':
      gateway.setClock(act.days * day)
  }
}

/** Whether nothing that the gateway may do excuses a refusal. */
function mustGetIn(model: Model, attempt: Attempt, now: number): boolean {
  const address = parsePrefix(attempt.from)
  if (!isRight(attempt) || address === null || !model.familiar.has(pairOf(attempt))) return false
  if (model.bans.some(({ cidr, end }) => now < end && contains(parsePrefix(cidr)!, address))) return false
  const tried = model.wrong.filter(
    ({ pair, minute }) => pair === pairOf(attempt) && minute > now - lockMinutes,
  )
  return new Set(tried.map(({ password }) => password)).size < limit
}

/** Who guessed what in this step, by the circle whose limit it counts against. */
function guessesByCircle({ attempts }: Step, before: Set<string>, after: Set<string>, verified: Set<string>) {
  const guesses = attempts.filter(
    attempt =>
      !isRight(attempt) &&
      verified.has(attempt.password) &&
      // Networks that became familiar in this very minute belong to either circle.
      before.has(pairOf(attempt)) === after.has(pairOf(attempt)),
  )
  const circles = Map.groupBy(guesses, attempt =>
    before.has(pairOf(attempt)) ? pairOf(attempt) : attempt.user,
  )
  return [...circles].map(([circle, guesses]) => ({
    circle,
    guesses: new Set(guesses.map(({ password }) => password)).size,
  }))
}

async function live(
  gateway: Guarded,
  model: Model,
  week: Week,
  step: Step,
  verified: Set<string>,
): Promise<void> {
  for (const act of step.acts) await doAct(gateway, model, week, act, step.minute)
  verified.clear()
  model.attempts += step.attempts.length
  for (const attempt of step.attempts) {
    if (!isRight(attempt))
      model.wrong.push({ minute: step.minute, pair: pairOf(attempt), password: attempt.password })
  }
  const owed = step.attempts.filter(attempt => mustGetIn(model, attempt, step.minute))
  const before = new Set(model.familiar)
  const told = await Promise.all(
    step.attempts.map(async attempt => ({ attempt, status: (await gateway.ask(attempt)).status })),
  )
  const admitted = told.filter(({ status }) => status === answers.ok).map(({ attempt }) => attempt)
  for (const attempt of admitted) model.familiar.add(pairOf(attempt))

  expect(owed.filter(attempt => !admitted.includes(attempt))).toEqual([])
  expect(admitted.filter(attempt => !isRight(attempt) || !week.users.includes(attempt.user))).toEqual([])
  const circles = guessesByCircle(step, before, model.familiar, verified)
  expect(circles.filter(({ guesses }) => guesses > limit)).toEqual([])
}

async function checkLog(gateway: Guarded, model: Model): Promise<void> {
  const { db } = gateway.services()
  const rows = await db.selectFrom('auth_log').select(['count', 'reason', 'client_address']).execute()
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(model.attempts)
  const own = rows.filter(row => ['127.0.0.1', '::1', 'unix:'].includes(row.client_address))
  expect(own.filter(({ reason }) => reason.startsWith('banned'))).toEqual([])
}

/** Every automatic ban is over a day after the last attempt, and none was made of this machine. */
async function checkBans(gateway: Guarded): Promise<void> {
  const { items: bans } = await verbs['ban list'](gateway.services(), { state: 'all', limit: 1_000 })
  const automatic = bans.filter(({ event_type }) => event_type !== 'manual')
  expect(automatic.filter(({ cidr }) => coversThisMachine(parsePrefix(cidr)!))).toEqual([])
  expect(automatic.filter(({ starts_at, ends_at }) => ends_at === null || ends_at - starts_at > day)).toEqual(
    [],
  )
  gateway.pass(day)
  const manual = bans
    .filter(({ event_type }) => event_type === 'manual')
    .map(({ cidr }) => parsePrefix(cidr)!)
  for (const [n, { cidr }] of automatic.entries()) {
    const place = parsePrefix(cidr)!
    if (manual.some(ban => contains(ban, place) || contains(place, ban))) continue
    const user = `newcomer${n}@example.com`
    await addMailbox(gateway.services(), { name: user, password: passwordOf(user) })
    const from = cidr.split('/')[0]!
    expect(await gateway.ask({ user, password: passwordOf(user), from })).toMatchObject({
      status: answers.ok,
    })
  }
}

async function liveWeek(week: Week): Promise<void> {
  const verified = new Set<string>()
  const gateway = await openGuarded({}, async (password, hash) => {
    verified.add(password)
    return hash === `plain ${password}`
  })
  try {
    for (const name of week.users) await addMailbox(gateway.services(), { name, password: passwordOf(name) })
    const model: Model = { familiar: new Set(), wrong: [], bans: [], attempts: 0 }
    let now = 0
    for (const step of week.steps) {
      gateway.pass((step.minute - now) * minute)
      now = step.minute
      await live(gateway, model, week, step, verified)
    }
    await checkLog(gateway, model)
    await checkBans(gateway)
  } finally {
    await gateway.close()
  }
}

test('a week of users, phones, offices and attackers', { timeout: 120_000 }, async () => {
  const seed = Number(process.env.SIMULATION_SEED ?? randomInt(2 ** 31))
  console.info(`simulated weeks: SIMULATION_SEED=${seed}`)
  await fc.assert(fc.asyncProperty(weeks, liveWeek), { seed, numRuns: 10, interruptAfterTimeLimit: 25_000 })
})
