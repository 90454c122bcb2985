/** A row of the auth log in words: which rule decided, which counters, ban or lock took part, and what to do next. */
import { z } from 'zod'
import { loggedAttempt } from '../audit/pages.ts'
import { prefixesOf } from '../ban/rules.ts'
import type { Database } from '../database/schema.ts'
import { orUnknown } from '../hot-state/unknown.ts'
import { parseInput, text } from '../input.ts'
import { Refusal } from '../refusal.ts'
import { definitions, type SettingKey, type Settings } from '../settings/definitions.ts'
import type { ValueType } from '../settings/values.ts'
import { readLocks } from './counters.ts'
import type { GuessingServices } from './guessing.ts'
import { chinese } from './reason-texts.ts'
import { type Reason, reasons } from './reasons.ts'
import { fillRemedy } from './why.ts'

const words = z.strictObject({ en: z.string(), zh: z.string() })
const setting = z.strictObject({ name: z.string(), value: z.string() })

export const explainedAttempt = z.strictObject({
  attempt: loggedAttempt,
  /** accept: logged in. refuse: wrong until something changes. later: not now. Null = a reason that this version does not know. */
  kind: z.enum(['accept', 'refuse', 'later']).nullable(),
  meaning: words,
  /** Of the rule that decided, as they stand now; their help says what they do. */
  settings: z.array(setting),
  /** Where the counters stood when this password was counted; empty = it was not, or had been before. */
  counters: z.array(z.strictObject({ counter: z.string(), count: z.int(), limit: z.int() })),
  /** Bans that covered the address at the time, an administrator's first. */
  bans: z.array(
    z.strictObject({
      id: z.string(),
      cidr: z.string(),
      event_type: z.string(),
      note: z.string(),
      author: z.string(),
      starts_at: z.int(),
      ends_at: z.int().nullable(),
      lifted_at: z.int().nullable(),
      /** Now. */
      in_force: z.boolean(),
    }),
  ),
  /** What keeps this name out now, for people; UTC milliseconds, null = nothing. As a whole null = Redis is away. */
  locks_now: z
    .strictObject({
      /** The lock for strangers, */
      strangers_until: z.int().nullable(),
      /** for the network of this attempt, where the user is familiar in it, */
      network_until: z.int().nullable(),
      /** and what shuts the user to all strangers. */
      shut: z.strictObject({ reason: z.string(), until: z.int() }).nullable(),
    })
    .nullable(),
  /** What to do next; '' = nothing. */
  remedy: words,
  /** The command in the remedy, whole; null = no command lifts it. */
  command: z.string().nullable(),
})

export type ExplainedAttempt = z.infer<typeof explainedAttempt>

export const attemptQuery = z.strictObject({ request_id: text().max(64) })

export interface ExplainRowServices extends Pick<GuessingServices, 'hot'> {
  settings: Settings
  logDb: Database
  clock: () => number
}

/** @param input `{ request_id }` @throws Refusal when there is no such row */
export async function explainRow(services: ExplainRowServices, input: unknown): Promise<ExplainedAttempt> {
  const { request_id } = parseInput(attemptQuery, input)
  const attempt = await services.logDb
    .selectFrom('auth_log')
    .selectAll()
    .where('request_id', '=', request_id)
    .executeTakeFirst()
  if (!attempt)
    throw new Refusal(
      'not_found',
      'request_id',
      'there is no attempt with this request_id; it may be older than log.retention',
    )
  const bans = await readBans(services, attempt.client_address, attempt.time)
  const named = { name: attempt.user, ban: bans[0]?.cidr }
  const code = attempt.reason as Reason
  const known = Object.hasOwn(reasons, code) ? reasons[code] : null
  const remedy = {
    en: fillRemedy(known?.remedy ?? '', named),
    zh: known ? fillRemedy(chinese[code].remedy, named) : '',
  }
  return {
    attempt,
    kind: known?.kind ?? null,
    meaning: { en: known?.meaning ?? code, zh: known ? chinese[code].meaning : code },
    settings: settingsFor(code, services.settings),
    counters: readCounters(attempt.counters),
    bans,
    locks_now: await orUnknown(readLocksNow(services, attempt.user, attempt.client_network)),
    remedy,
    command: /^mailgateway /.test(remedy.en) ? remedy.en : null,
  }
}

/** `user 3/5, address 7/20` */
function readCounters(text: string): ExplainedAttempt['counters'] {
  return [...text.matchAll(/([a-z ]+?) (\d+)\/(\d+)/g)].map(([, counter = '', count, limit]) => ({
    counter: counter.trim(),
    count: Number(count),
    limit: Number(limit),
  }))
}

async function readBans(
  { logDb, clock }: ExplainRowServices,
  address: string,
  time: number,
): Promise<ExplainedAttempt['bans']> {
  // A row that stands for many addresses has the prefix of their ban.
  const prefixes = prefixesOf(address.split('/')[0]!)
  if (prefixes.length === 0) return []
  const rows = await logDb
    .selectFrom('ip_blacklist')
    .select(['id', 'cidr', 'event_type', 'note', 'author', 'starts_at', 'ends_at', 'lifted_at'])
    .where('cidr', 'in', prefixes)
    .where('starts_at', '<=', time)
    .where(eb => eb.or([eb('ends_at', 'is', null), eb('ends_at', '>', time)]))
    .orderBy('starts_at', 'desc')
    .limit(mostBans)
    .execute()
  const now = clock()
  const isInForce = ({ ends_at, lifted_at }: (typeof rows)[number]) =>
    lifted_at === null && (ends_at === null || ends_at > now)
  const isManual = ({ event_type }: { event_type: string }) => event_type === 'manual'
  return rows
    .map(row => ({ ...row, in_force: isInForce(row) }))
    .sort((a, b) => Number(isManual(b)) - Number(isManual(a)))
}

const mostBans = 20

async function readLocksNow(services: ExplainRowServices, name: string, network: string) {
  const strangers = await readLocks(services, { name, network: null, familiar: false })
  const here = network === '' ? null : await readLocks(services, { name, network, familiar: true })
  return {
    strangers_until: strangers.locked_until,
    network_until: here?.locked_until ?? null,
    shut: strangers.shut,
  }
}

/** The settings behind each reason that has any. */
const settingNames: Partial<Record<Reason, SettingKey[]>> = {
  wrong_password: ['auth.max_fail_attempts', 'auth.fail_ttl', 'auth.lock_ttl'],
  unknown_user: ['auth.default_domain'],
  grant_ended: ['totp.grant_idle', 'totp.grant_max'],
  grant_elsewhere: ['totp.grant_roam'],
  banned_automatically: [
    'guessing.address_limit',
    'guessing.address_window',
    'guessing.network_limit',
    'guessing.network_window',
    'guessing.spraying_limit',
    'guessing.spraying_window',
  ],
  locked: ['auth.max_fail_attempts', 'auth.fail_ttl', 'auth.lock_ttl'],
  locked_here: ['auth.max_fail_attempts', 'auth.fail_ttl', 'auth.lock_ttl'],
  too_many_guesses: ['auth.max_fail_attempts', 'auth.fail_ttl'],
  shut_to_strangers: ['guessing.user_total'],
  many_networks: ['guessing.stuffing_limit', 'guessing.stuffing_window'],
  busy: ['auth.hash_threads', 'auth.hash_deadline'],
  timeout: ['auth.deadline'],
}

function settingsFor(reason: Reason, settings: Partial<Settings>): ExplainedAttempt['settings'] {
  return (settingNames[reason] ?? []).map(name => {
    const [group = '', key = ''] = name.split('.')
    const value = (settings as Record<string, Record<string, unknown>>)[group]?.[key]
    return { name, value: (definitions[name].type as ValueType<unknown>).print(value) }
  })
}
