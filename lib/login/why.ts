/** A refusal in words: the rule, the value that it met, the limit, and what lifts it. */
import { isActive } from '../backend/rules.ts'
import type { BackendStatus } from '../backend/shapes.ts'
import type { Settings } from '../settings/definitions.ts'
import { formatDuration } from '../settings/values.ts'
import type { Attempt } from './attempt.ts'
import type { Counter } from './counters.ts'
import type { Explanation } from './explain.ts'
import { type Hindrance, reasons } from './reasons.ts'

export interface Why {
  reason: Hindrance
  meaning: string
  /** The setting or fact that decided. */
  rule: string
  /** What it met in this login. */
  value: string
  /** What it would have to be. */
  limit: string
  /** The command that lifts it, whole, or what a person does instead. */
  lift: string
}

type Settled = Pick<Settings, 'auth' | 'guessing' | 'totp'>
type Words = [rule: string, value: string, limit: string, lift?: string]

/** @param found an explanation whose decision is no acceptance */
export function sayWhy(reason: Hindrance, found: Explanation, attempt: Attempt, settings: Settled): Why {
  const [rule, value, limit, lift] = wordsFor(reason, found, attempt, settings)
  const { meaning, remedy } = reasons[reason]
  const name = found.name ?? attempt.user
  const filled = lift ?? fillRemedy(remedy, { name, ban: found.address?.ban?.cidr })
  return { reason, meaning, rule, value, limit, lift: filled }
}

/** The remedy of a reason with the names of the attempt in it. */
export function fillRemedy(remedy: string, { name, ban }: { name: string; ban?: string }): string {
  // A name may hold what a shell would take for something else.
  const quoted = /^[\w.@+-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`
  const filled = remedy.replace('NAME', () => quoted)
  return ban === undefined ? filled.replace('ban remove BAN', 'ban list') : filled.replace('BAN', () => ban)
}

function wordsFor(
  reason: Hindrance,
  found: Explanation,
  attempt: Attempt,
  { auth, guessing, totp }: Settled,
): Words {
  const { account, address } = found
  const until = (ms: number | null | undefined) =>
    ms == null ? 'for ever' : `until ${new Date(ms).toISOString()}`
  const lasts = formatDuration
  const userLimit = `auth.max_fail_attempts ${auth.max_fail_attempts} in auth.fail_ttl ${lasts(auth.fail_ttl)}`
  const bytes = `${Buffer.byteLength(attempt.password)} bytes`
  const grantLife = `totp.grant_idle ${lasts(totp.grant_idle)}, totp.grant_max ${lasts(totp.grant_max)}`
  switch (reason) {
    case 'wrong_password':
      if (account?.totp) {
        const lift =
          'type the password with the code of now, and look at the clock of the phone; mailgateway user set-password NAME'
        return [
          'password and code of the mailbox',
          'no right pair of them',
          'both right',
          lift.replace('NAME', found.name ?? ''),
        ]
      }
      return ['the password of the mailbox', 'another one', 'the same one']
    case 'unknown_user':
      return ['mailboxes', found.name ?? attempt.user, 'the name of one of them']
    case 'disabled':
      return ['state of the mailbox', 'disabled', 'enabled']
    case 'protocol_not_allowed': {
      const [allowed, wanted] = [account?.protocols ?? [], attempt.protocol ?? '']
      const lift = `mailgateway user set ${found.name} --protocols ${[...allowed, wanted].join(',')}`
      return ['protocols of the mailbox', wanted, allowed.join(', '), lift]
    }
    case 'code_missing':
      return ['one-time codes of the mailbox', 'no code of the last ten minutes at the end', 'a code of now']
    case 'code_old':
      return ['time of the code', 'more than a step ago', 'the step of now, one before or one after']
    case 'code_spent':
      return ['codes that were used', 'this one, or a later one', 'none of them']
    case 'grant_ended':
      return ['grants of this string', 'ended', grantLife]
    case 'grant_elsewhere':
      return [
        'networks where this string is good',
        address?.network ?? 'no address',
        `another one; totp.grant_roam ${totp.grant_roam} a day`,
      ]
    case 'password_unsendable':
      return ['what nginx can pass on', 'a space at an end of the password', 'none there']
    case 'empty_password':
      return ['length of the password', '0 bytes', '1 to 72 bytes']
    case 'password_too_long':
      return ['length of the password', bytes, '72 bytes, and six digits of a code']
    case 'bad_name':
      return [
        'form of a name',
        JSON.stringify(attempt.user),
        '1 to 255 bytes, no blanks at an end, nothing hidden, a domain that can be one',
      ]
    case 'bad_bytes':
      return ['bytes of name and password', 'control bytes or no UTF-8', 'UTF-8 text']
    case 'bad_request':
      return ['headers of nginx', 'missing, doubled or unreadable', 'each once']
    case 'method_not_offered':
      return ['auth method', attempt.method, 'plain']
    case 'login_required':
      return ['auth method', 'none', 'plain']
    case 'banned':
    case 'banned_automatically': {
      const ban = address?.ban
      return [
        `ban of ${ban?.cidr} by ${ban?.author}: ${ban?.note}`,
        attempt.clientAddress,
        until(ban?.ends_at),
      ]
    }
    case 'locked':
    case 'locked_here':
      return [
        `lock for ${reason === 'locked' ? 'strangers' : `the network ${address?.network}`}, auth.lock_ttl ${lasts(auth.lock_ttl)}`,
        until(found.locks?.locked_until),
        userLimit,
      ]
    case 'shut_to_strangers':
    case 'many_networks': {
      const shut = found.locks?.shut
      if (reason === 'many_networks')
        return [
          'networks that tried the mailbox wrongly',
          `${countOf(found.counters, 'networks')}, shut ${until(shut?.until)}`,
          `guessing.stuffing_limit ${guessing.stuffing_limit} in ${lasts(guessing.stuffing_window)}`,
        ]
      const count = found.longRun?.count ?? 0
      return [
        'wrong passwords of strangers since the last success of one',
        shut ? `shut ${until(shut.until)}` : `${count}`,
        `guessing.user_total ${guessing.user_total}`,
      ]
    }
    case 'too_many_guesses':
      return [
        'different passwords under way or wrong',
        `${countOf(found.counters, 'user')} wrong, the others under way`,
        userLimit,
      ]
    case 'no_backend':
      return wordsForBackends(found, attempt)
    case 'busy':
      return ['hash queue', found.error ?? '', `auth.hash_deadline ${lasts(auth.hash_deadline)}`]
    case 'timeout':
      return ['time for a decision', found.error ?? '', `auth.deadline ${lasts(auth.deadline)}`]
    case 'hot_state_away':
      return ['Redis', found.error ?? '', 'it answers']
    case 'database_away':
      return ['database', found.error ?? '', 'it answers, or all of this login is remembered']
    case 'unavailable':
      return ['parts of the gateway', found.error ?? '', 'all of them work']
  }
}

const countOf = (counters: Counter[], wanted: Counter['counter']) =>
  counters.find(({ counter }) => counter === wanted)?.count ?? 0

/** The first of what could be done: add one, let one take logins again, or see why all are down. */
function wordsForBackends({ account, backends }: Explanation, { protocol }: Attempt): Words {
  const pool = account?.pool ?? null
  const rule = `backends for ${protocol}${pool === null ? '' : ` in pool ${pool}`}`
  const value = backends.map(sayState).join('; ') || 'none'
  const active = backends.find(isActive)
  const lift = active
    ? `check ${active.id}`
    : backends[0]
      ? `set ${backends[0].id} --state active`
      : `add --protocol ${protocol} --host HOST --port PORT${pool === null ? '' : ` --pool ${pool}`}`
  return [rule, value, 'one that is active and up', `mailgateway backend ${lift}`]
}

function sayState({ host, port, state, health, dns_error }: BackendStatus): string {
  const errors = health.filter(({ up }) => !up).map(({ last_error }) => last_error ?? 'down')
  const why = state !== 'active' ? state : (dns_error ?? errors.join(', '))
  return `${host}:${port} ${why || 'up'}`
}
