/**
 * What the parts of the gateway tell about their work, for whoever watches it. A host that shows no metrics (the command
 * line, a cloud function) passes none, and nothing is told.
 */

/** One decided auth attempt. Every text is one of a few that we choose: nothing of what a client sent. */
export interface LoginReport {
  /** 'unknown' = none that we know. */
  protocol: string
  result: 'accept' | 'refuse' | 'later'
  /** A code of lib/login/reasons.ts. */
  reason: string
  /** Whether the password was known from an earlier comparison; 'unused' = nobody looked at it. */
  cache: CacheUse
  /** The counter of guesses that kept the attempt out, if one did. */
  heldBackBy: GuessCounter | null
  /** `host:port` as the administrator wrote it; null = not accepted. */
  backend: string | null
  /** From the request to the answer, the audit row included. */
  ms: number
}

export const cacheUses = ['hit', 'miss', 'unused'] as const
export type CacheUse = (typeof cacheUses)[number]

/** What guesses are counted by (README, Guessing). `user_total` is the long run. */
export const guessCounters = ['user', 'user_total', 'address', 'network', 'spraying', 'stuffing'] as const
export type GuessCounter = (typeof guessCounters)[number]

/** What operators are alerted to, as the log names it. */
export const alerts = ['address', 'network', 'spraying', 'stuffing', 'shut to strangers'] as const
export type Alert = (typeof alerts)[number]

export const banEvents = ['manual', 'address', 'network', 'spraying'] as const
export type BanEvent = (typeof banEvents)[number]

/** One insert into the auth log. */
export interface AuditReport {
  /** Attempts that it made durable. */
  attempts: number
  /** Those among them that share a row with others. */
  folded: number
  insertMs: number
  /** How long the oldest of them waited, the insert included. */
  lagMs: number
}

/** One call of Redis' script, with the lists of many logins. */
export interface HotStateReport {
  lists: number
  ms: number
  /** Whether none of them is known to have been done. */
  failed: boolean
}

/** Every call is cheap, waits for nothing and never throws. */
export interface Metrics {
  loginDecided(login: LoginReport): void
  hashed(ms: number): void
  /** Busy: a hash was not begun. */
  hashRefused(): void
  auditWritten(batch: AuditReport): void
  /** Went to the disk, as the database is away. */
  rowsSpooled(rows: number): void
  /** Came from there into the database. */
  rowsDrained(rows: number): void
  banMade(event: BanEvent): void
  alertRaised(alert: Alert): void
  hotStateCalled(call: HotStateReport): void
}
