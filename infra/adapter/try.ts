/** `try`: what would become of a login, why, and what nginx would be told. */

import { z } from 'zod'
import { nginxAuth } from '../../functions/index.ts'
import { newId } from '../../lib/id.ts'
import { parseInput, text } from '../../lib/input.ts'
import type { Attempt } from '../../lib/login/attempt.ts'
import { type Explanation, explain } from '../../lib/login/explain.ts'
import { sayWhy, type Why } from '../../lib/login/why.ts'
import { protocols } from '../../lib/mailbox/protocols.ts'
import type { Services } from '../../lib/runtime/services.ts'

/** A login with such a byte is refused before anything else is looked at (functions/nginx-auth/wire.ts). */
const typed = text().regex(/^[^\x00-\x1f\x7f]*$/, 'must not contain control characters')

const question = z.strictObject({
  user: typed,
  protocol: z.enum(protocols, `must be one of ${protocols.join(', ')}`),
  /** null = from no network, as over a unix socket. */
  address: z.union([z.ipv4(), z.ipv6()], 'must be an IP address').nullable(),
  /** null = everything but password and code. */
  password: typed.nullable(),
})

export interface Trial extends Explanation {
  /** null = it would be accepted. */
  why: Why | null
  /** Lines of the answer; a password in it is masked. */
  answer: string[]
}

/** Counts, logs, spends and remembers nothing. @throws Refusal for a bad field */
export async function tryLogin(services: Services, input: unknown): Promise<Trial> {
  const { user, protocol, address, password } = parseInput(question, input)
  const attempt: Attempt = {
    id: newId(),
    receivedAt: services.clock(),
    protocol,
    method: 'plain',
    user,
    password: password ?? '',
    clientAddress: nginxAuth.readAddress(address ?? 'unix:'),
    number: 1,
    tls: '',
    fault: null,
  }
  const found = await explain(services, attempt, password !== null)
  const { decision, code } = found
  const why = decision.kind === 'accept' ? null : sayWhy(decision.reason, found, attempt, services.settings)
  return {
    ...found,
    // What was typed goes no further than the answer to nginx, and the digest of it nowhere.
    decision: decision.kind === 'accept' ? { ...decision, backendPassword: null } : decision,
    code: withoutDigest(code),
    why,
    answer: linesOf(nginxAuth.writeDecision(attempt, decision)),
  }
}

function withoutDigest(code: Explanation['code']): Explanation['code'] {
  if (code?.kind === 'granted') return { ...code, grant: { ...code.grant, digest: '' } }
  return code?.kind === 'roaming' ? { ...code, origin: { ...code.origin, digest: '' } } : code
}

function linesOf(answer: Record<string, string>): string[] {
  const masked = { ...answer, ...('Auth-Pass' in answer && { 'Auth-Pass': '********' }) }
  return ['HTTP/1.1 200 OK', ...Object.entries(masked).map(line => line.join(': '))]
}
