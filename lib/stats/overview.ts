/** Today against yesterday, and how things stand: what the console shows first. The auth log is not read for it. */
import { z } from 'zod'
import { countActiveUsers } from '../audit/active-users.ts'
import { sumCounts } from '../audit/counts.ts'
import { startOf, timeZone } from '../audit/steps.ts'
import { readTops, tops } from '../audit/tops.ts'
import type { Directory } from '../backend/directory.ts'
import { readBackends } from '../backend/snapshot.ts'
import type { Database } from '../database/schema.ts'
import { orUnknown } from '../hot-state/unknown.ts'
import { parseInput } from '../input.ts'
import { countLocked, type LockedServices } from '../login/locked.ts'
import { byProtocol, byReason, figures, figuresOf, protocolsOf, reasonsOf } from './figures.ts'
import type { Live } from './live.ts'
import { now } from './now.ts'

export const overviewQuery = z.strictObject({
  /** Whose days they are. */
  tz: timeZone.default('UTC'),
})

const day = figures.extend({
  /** UTC milliseconds; the day may have 23 or 25 hours. */
  since: z.int(),
  /** Not included; of today: now. */
  until: z.int(),
})

export const overview = z.strictObject({
  tz: z.string(),
  today: day,
  yesterday: day,
  now,
  /** Distinct users with a success in the last 15 minutes. */
  active_users: z.int(),
  /** Mailboxes that guessing keeps strangers, or a network of their own, out of; null = nobody knows, as Redis is away. */
  locked_users: z.int().nullable(),
  /** In force. */
  bans: z.int(),
  /** Those that are not off. `up`: with an address that answers; null = nobody checks here, as in a cloud function. */
  backends: z.strictObject({ up: z.int().nullable(), total: z.int() }),
  /** Today, most frequent first. */
  by_protocol: z.array(byProtocol),
  reasons: z.array(byReason),
  /** Of the hours of UTC that have a part in today. */
  tops,
})

export interface OverviewServices extends LockedServices {
  db: Database
  live: Live
  backends: Pick<Directory, 'states'>
}

/** @throws Refusal for a bad field */
export async function readOverview(
  services: OverviewServices,
  input: unknown,
): Promise<z.infer<typeof overview>> {
  const { tz } = parseInput(overviewQuery, input)
  const { logDb, clock, live } = services
  const until = clock()
  const today = startOf('day', until, tz)
  const yesterday = startOf('day', today - 1, tz)
  const [sums, sumsBefore, nowNumbers, active_users, locked_users, bans, backends, tops] = await Promise.all([
    sumCounts(services, today, until + 1),
    sumCounts(services, yesterday, today),
    live.read(),
    countActiveUsers(logDb, until),
    orUnknown(countLocked(services)),
    countBans(logDb, until),
    countBackends(services),
    readTops(logDb, today, until),
  ])
  return {
    tz,
    today: { since: today, until, ...figuresOf(sums) },
    yesterday: { since: yesterday, until: today, ...figuresOf(sumsBefore) },
    now: nowNumbers,
    active_users,
    locked_users,
    bans,
    backends,
    by_protocol: protocolsOf(sums),
    reasons: reasonsOf(sums),
    tops,
  }
}

/** In two looks, each along the index of their end. */
async function countBans(db: Database, now: number): Promise<number> {
  const bans = db
    .selectFrom('ip_blacklist')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('lifted_at', 'is', null)
  const [forEver, ending] = await Promise.all([
    bans.where('ends_at', 'is', null).executeTakeFirstOrThrow(),
    bans.where('ends_at', '>', now).executeTakeFirstOrThrow(),
  ])
  return Number(forEver.count) + Number(ending.count)
}

async function countBackends({ db, backends }: OverviewServices) {
  const rows = (await readBackends(db)).filter(({ state }) => state !== 'off')
  const states = new Map(backends.states().map(({ id, health }) => [id, health]))
  const isChecked = rows.some(({ id }) => states.get(id)?.length)
  const up = rows.filter(({ id }) => states.get(id)?.some(({ up }) => up)).length
  return { up: isChecked || rows.length === 0 ? up : null, total: rows.length }
}
