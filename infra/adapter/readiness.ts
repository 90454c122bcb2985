/** Whether logins can be decided, and what each part that they need says. */
import { isAway } from '../../lib/database/dialect.ts'
import { within } from '../../lib/deadline.ts'
import type { Services } from '../../lib/runtime/services.ts'

export interface Readiness {
  ready: boolean
  database: string
  hotState: string
  /** Why not; absent when it is. */
  reason?: string
}

/** Whoever asks has a time-out of some seconds. */
const answerMs = 2_000

/** Never rejects. */
export async function readReadiness(services: Services): Promise<Readiness> {
  const { db, hot } = services
  const [database, hotState] = await Promise.all([
    within(answerMs, db.selectFrom('system_config').select('name').limit(1).execute()).catch(
      (error: Error) => error,
    ),
    within(answerMs, hot.apply([{ op: 'read', key: 'ready' }])).catch((error: Error) => error),
  ])
  const waits = describeSpool(services)
  const broken = database instanceof Error ? whyNobody(services, database) : null
  const texts = {
    database: (database instanceof Error ? describeOutage(services, database) : 'it answers') + waits,
    hotState: hotState instanceof Error ? hotState.message : 'it answers',
  }
  const reason = hotState instanceof Error ? hotState.message : broken
  return { ready: reason === null, ...texts, ...(reason !== null && { reason }) }
}

/** Why not even a remembered user can log in while the database fails so; null = some can. */
function whyNobody({ audit, databaseAway, settings, clock }: Services, error: Error): string | null {
  const spool = audit.spooled()
  if (spool === null || !isAway(error)) return error.message
  if (spool.bytes >= spool.mostBytes) return `${error.message}; the spool is full (log.spool_max)`
  const { cache_ttl, stale_ttl } = settings.auth
  const since = databaseAway()?.since ?? clock()
  if (clock() >= since + cache_ttl + stale_ttl)
    return `${error.message}; nobody is remembered for so long (auth.stale_ttl)`
  return null
}

function describeOutage(services: Services, error: Error): string {
  const away = services.databaseAway()
  const since = away === null ? '' : ` (since ${new Date(away.since).toISOString()})`
  const who = whyNobody(services, error) === null ? '; logins of remembered users go on' : ''
  return error.message + since + who
}

function describeSpool({ audit }: Services): string {
  const { rows = 0 } = audit.spooled() ?? {}
  return rows === 0 ? '' : `; ${rows} rows of the auth log wait in the spool`
}
