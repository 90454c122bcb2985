/** The audit row of one auth attempt. */
import { networkOf } from '../ban/rules.ts'
import type { AuthLogRow } from '../database/schema.ts'
import type { Attempt, Decision } from './attempt.ts'

/** Longest text in the row's `user`, in characters; a canonical name is never longer. */
const longestUser = 255

/** @param now UTC milliseconds at which the decision was made */
export function describeAttempt(
  attempt: Attempt,
  name: string | null,
  decision: Decision,
  now: number,
): AuthLogRow {
  const accepted = decision.kind === 'accept'
  return {
    request_id: attempt.id,
    time: attempt.receivedAt,
    user: name ?? showText(attempt.user).slice(0, longestUser),
    client_address: attempt.clientAddress,
    protocol: attempt.protocol ?? '',
    method: showText(attempt.method).slice(0, 16),
    result: accepted ? 'success' : 'failed',
    reason: accepted ? 'ok' : decision.reason,
    backend: accepted ? `${decision.route.backend.host}:${decision.route.port}` : null,
    // The clock may have been set back meanwhile.
    duration_ms: Math.max(0, now - attempt.receivedAt),
    attempt: attempt.number,
    tls: attempt.tls,
    client_network: networkOf(attempt.clientAddress) ?? '',
  }
}

/** Text of an attacker, made harmless for terminals and logs: control and hidden characters as `\u{…}`. */
export function showText(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    hidden => `\\u{${hidden.codePointAt(0)!.toString(16)}}`,
  )
}
