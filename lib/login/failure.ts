/** When a part of the gateway fails: what the log is told, and what becomes of the login. */
import type { Logger } from 'pino'
import { SpoolFull } from '../audit/spool-full.ts'
import { isAway } from '../database/dialect.ts'
import { DeadlinePassed } from '../deadline.ts'
import { HotStateAway } from '../hot-state/port.ts'
import { HashBusy } from '../mailbox/passwords.ts'
import type { Attempt } from './attempt.ts'
import type { LaterReason } from './reasons.ts'

/** What broke is for the log; the client is told to come again. */
export function noteFailure(log: Logger, attempt: Attempt, error: unknown): LaterReason {
  const reason = failureOf(error)
  const facts = { request_id: attempt.id, error: (error as Error).message }
  if (reason === 'unavailable') log.error({ ...facts, err: error }, 'login postponed')
  else log.warn({ ...facts, reason }, 'login postponed')
  return reason
}

export function failureOf(error: unknown): LaterReason {
  if (error instanceof HashBusy) return 'busy'
  if (error instanceof HotStateAway) return 'hot_state_away'
  if (isAway(error) || error instanceof SpoolFull) return 'database_away'
  return error instanceof DeadlinePassed ? 'timeout' : 'unavailable'
}
