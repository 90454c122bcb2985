/** The original's two logs. Ids are made from its rows, so a row that is here is not taken again. */
import { z } from 'zod'
import { networkOf } from '../ban/rules.ts'
import type { AuthLogRow, Database, OperationLogRow } from '../database/schema.ts'
import { showText } from '../login/audit-row.ts'
import type { Reason } from '../login/reasons.ts'
import { canonicalName } from '../mailbox/name.ts'
import { protocols } from '../mailbox/protocols.ts'
import { cut, firstAddress, id, parseRows, skip, stableId, text, time } from './fields.ts'
import { findKnown } from './known.ts'
import type { Outcome } from './outcome.ts'

export interface LogServices {
  db: Database
  settings: { auth: { default_domain: string } }
}

const outcome = text.transform((value, context) => {
  const written = value.toLowerCase()
  if (written === 'success' || written === 'failed') return written
  context.addIssue({ code: 'custom', message: 'must be success or failed' })
  return z.NEVER
})

const originalAttempt = z.object({
  id,
  username: text,
  ip_address: text,
  protocol: text,
  result: outcome,
  result_detail: text,
  client_ip: text,
  created_at: time,
})
type OriginalAttempt = z.output<typeof originalAttempt>

/** @param rows a page of the original's `auth_log` */
export async function takeAuthLog(
  services: LogServices,
  rows: readonly unknown[],
  dryRun: boolean,
): Promise<Outcome[]> {
  const { parsed, failed } = parseRows(originalAttempt, rows)
  const wanted = parsed.filter(({ created_at }) => created_at !== null)
  const attempts = wanted.map(row => toAttempt(services, row, row.created_at!))
  const ids = attempts.map(({ request_id }) => request_id)
  const here = await findKnown(services.db, 'auth_log', ids)
  const missing = attempts.filter(({ request_id }) => !here.has(request_id))
  if (!dryRun && missing.length > 0) await services.db.insertInto('auth_log').values(missing).execute()
  return [
    ...failed,
    ...withoutTime(parsed),
    ...wanted.map((row, i): Outcome => {
      const attempt = attempts[i]!
      const kind = here.has(attempt.request_id) ? 'here' : 'taken'
      const isVague = kind === 'taken' && attempt.reason === 'original_refused'
      return { row: row.id, kind, about: '', ...(isVague && { notes: [vague] }) }
    }),
  ]
}

const vague = 'the log says failed and not clearly why: here with the reason original_refused'

function toAttempt({ settings }: LogServices, row: OriginalAttempt, at: number): AuthLogRow {
  const client = firstAddress(row.client_ip, row.ip_address)
  const protocol = row.protocol.trim().toLowerCase()
  return {
    request_id: stableId(at, 'auth_log', row.id, row.username),
    time: at,
    user: cut(canonicalName(row.username, settings.auth.default_domain) ?? showText(row.username), 255),
    client_address: client,
    protocol: protocols.find(known => protocol.startsWith(known)) ?? '',
    method: '',
    result: row.result,
    reason: row.result === 'success' ? 'ok' : reasonOf(row.result_detail),
    backend: null,
    duration_ms: 0,
    attempt: 1,
    tls: '',
    client_network: networkOf(client) ?? '',
  }
}

/** The text itself is not taken: it was written for people, and may hold what was typed. */
const details: [RegExp, Reason][] = [
  [/不存在|not exist|not found|no such|unknown user/i, 'unknown_user'],
  [/密码错|密码不|(?:wrong|invalid|incorrect|bad) password/i, 'wrong_password'],
  [/禁用|停用|disabled/i, 'disabled'],
  [/锁定|locked/i, 'locked'],
  [/黑名单|封禁|blacklist|banned/i, 'banned'],
]

function reasonOf(detail: string): Reason {
  const meant = details.filter(([pattern]) => pattern.test(detail))
  return meant.length === 1 ? meant[0]![1] : 'original_refused'
}

const originalOperation = z.object({
  id,
  username: text,
  user_type: text,
  operation: text,
  resource: text,
  details: text,
  ip_address: text,
  status: outcome,
  created_at: time,
})

/** @param rows a page of the original's `operation_log` */
export async function takeOperationLog(
  { db }: { db: Database },
  rows: readonly unknown[],
  dryRun: boolean,
): Promise<Outcome[]> {
  const { parsed, failed } = parseRows(originalOperation, rows)
  const wanted = parsed.filter(({ created_at }) => created_at !== null)
  const operations = wanted.map((row): OperationLogRow => {
    const hides = mayHoldSecret(row.details)
    return {
      id: stableId(row.created_at!, 'operation_log', row.id, row.username),
      time: row.created_at!,
      actor: cut(showText(row.username), 255),
      action: cut(showText(row.operation), 64),
      target: cut(showText(row.resource), 255),
      result: row.status,
      client_address: firstAddress(row.ip_address),
      detail: JSON.stringify({ user_type: row.user_type, ...(!hides && { details: row.details }) }),
    }
  })
  const ids = operations.map(operation => operation.id)
  const here = await findKnown(db, 'operation_log', ids)
  const missing = operations.filter(operation => !here.has(operation.id))
  if (!dryRun && missing.length > 0) await db.insertInto('operation_log').values(missing).execute()
  return [
    ...failed,
    ...withoutTime(parsed),
    ...wanted.map((row, i): Outcome => {
      const kind = here.has(operations[i]!.id) ? 'here' : 'taken'
      const notes = kind === 'taken' && mayHoldSecret(row.details) ? [hidden] : undefined
      return { row: row.id, kind, about: '', ...(notes && { notes }) }
    }),
  ]
}

const hidden = 'the details speak of a password or another secret, and are left out'
const mayHoldSecret = (details: string) => /pass|pwd|secret|totp|token|密码|口令|密钥/i.test(details)

const withoutTime = (rows: readonly { id: string; created_at: number | null }[]): Outcome[] =>
  rows
    .filter(({ created_at }) => created_at === null)
    .map(row => ({ ...skip(row.id, 'created_at is empty'), about: '' }))
