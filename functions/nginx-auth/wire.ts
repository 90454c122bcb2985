/**
 * All knowledge of nginx's `auth_http` protocol. File and line numbers are those of `src/mail/` in nginx 1.22 to
 * 1.31: `A` = ngx_mail_auth_http_module.c.
 */
import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Acceptance, Attempt, Decision, Rejection } from '../../lib/login/attempt.ts'
import type { RefuseReason } from '../../lib/login/reasons.ts'
import { type Protocol, protocols } from '../../lib/mailbox/protocols.ts'
import { answerTexts } from './answer-texts.ts'

/** A header line as it came: the name in any case, the value one latin1 character per byte. */
export type HeaderLine = readonly [name: string, value: string]

/** Header lines of an answer; values one latin1 character per byte. Serialised with a status line ≤ 1024 bytes (A:325). */
export type Answer = Record<string, string>

/** nginx sends each of these once. Twice means that somebody smuggled a line in (CVE-2026-28753). */
const guarded = /^(auth|client|proxy-protocol)-/

/** Name and value of what nginx sends, names in lower case, the last of each, and whether a guarded one came twice. */
export function readHeaders(lines: readonly HeaderLine[]) {
  const headers = new Map<string, string>()
  let doubled = false
  for (const [line, value] of lines) {
    const name = line.toLowerCase()
    doubled ||= guarded.test(name) && headers.has(name)
    headers.set(name, value)
  }
  return { headers, doubled }
}

/**
 * One auth attempt from nginx's request (A:1137-1307). Never throws: what cannot be read becomes the attempt's `fault`,
 * so that it is answered, counted and logged like any other.
 * @param id the request id, a UUIDv7
 * @param now UTC milliseconds
 */
export function readAttempt(lines: readonly HeaderLine[], id: string, now: number): Attempt {
  const { headers, doubled } = readHeaders(lines)
  const text = (name: string) => headers.get(name) ?? ''
  const protocol = protocols.find(known => known === text('auth-protocol')) ?? null
  const method = /^[a-z0-9-]{1,16}$/.test(text('auth-method')) ? text('auth-method') : ''
  const clientAddress = readAddress(text('client-ip'))
  const number = /^[1-9]\d{0,5}$/.test(text('auth-login-attempt')) ? Number(text('auth-login-attempt')) : 0
  // nginx may still carry the name and password of an attempt that failed before (`none` before 1.29.1).
  const user = method === 'none' ? '' : decodeText(headers.get('auth-user'))
  const password = method === 'plain' ? decodeText(headers.get('auth-pass')) : ''

  const unreadable = doubled || protocol === null || method === '' || clientAddress === '' || number === 0
  return {
    id,
    receivedAt: now,
    protocol,
    method,
    user: user ?? '',
    password: password ?? '',
    clientAddress,
    number: number || 1,
    tls: text('auth-ssl') === 'on' ? readTlsVersion(text('auth-ssl-protocol')) : '',
    fault: findFault(
      unreadable || !headers.has('auth-user') || !headers.has('auth-pass'),
      method,
      user,
      password,
    ),
  }
}

function findFault(
  unreadable: boolean,
  method: string,
  user: string | null,
  password: string | null,
): RefuseReason | null {
  if (unreadable) return 'bad_request'
  if (method === 'none') return 'login_required'
  if (user === null || password === null) return 'bad_bytes'
  return method === 'plain' ? null : 'method_not_offered'
}

/**
 * Undoes nginx's escaping of names and passwords once, on bytes: it escapes 0x00–0x20 and `%` and leaves all else raw
 * (A:1478-1503); `+` is a plus. Then reads UTF-8.
 * @returns null for a half escape, a byte below 0x20 or 0x7F (it could split lines at the backend), no UTF-8, or more
 *   than any name or password has: later steps need not stand kilobytes
 */
function decodeText(value = ''): string | null {
  // As most are: nothing escaped, nothing beyond ASCII.
  if (/^[!-$&-~]*$/.test(value) && value.length <= mostBytes) return value
  if (/[^\x00-\xff]/.test(value)) return null
  const escaped = value.replace(/[\x80-\xff]/g, byte => `%${byte.charCodeAt(0).toString(16)}`)
  try {
    const text = decodeURIComponent(escaped)
    return Buffer.byteLength(text) > mostBytes || /[\x00-\x1f\x7f]/.test(text) ? null : text
  } catch {
    return null
  }
}

const mostBytes = 1_024

/** One spelling per address, IPv4 also where it came mapped into IPv6; `unix:` for a unix listener; '' for anything else. */
export function readAddress(text: string): string {
  if (text === 'unix:' || isIPv4(text)) return text
  return isIPv6(text) ? ipaddr.process(text).toString() : ''
}

const readTlsVersion = (text: string) => (/^[A-Za-z0-9.]{1,16}$/.test(text) ? text : 'on')

/**
 * The answer to nginx (A:495-760). `Auth-Status` is always there and never empty: its absence, or on SMTP its
 * emptiness, would let the client in. Server and port come with OK only. Nothing is escaped: nginx copies values raw.
 */
export function writeDecision(attempt: Pick<Attempt, 'protocol' | 'method'>, decision: Decision): Answer {
  const answer = decision.kind === 'accept' ? writeAccept(decision) : writeError(attempt, decision)
  // Else Debian's nginx tells the backend the name of the attempt that failed before (XCLIENT LOGIN=).
  return attempt.method === 'none' ? { ...answer, 'Auth-User': '' } : answer
}

function writeAccept({ route, backendLogin, backendPassword }: Acceptance): Answer {
  return {
    'Auth-Status': 'OK',
    'Auth-Server': route.address,
    'Auth-Port': String(route.port),
    'Auth-User': toBytes(backendLogin),
    ...(backendPassword !== null && { 'Auth-Pass': toBytes(backendPassword) }),
  }
}

const toBytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1')

function writeError(
  { protocol, method }: { protocol: Protocol | null; method: string },
  { kind, reason, waitSeconds }: Rejection,
): Answer {
  const { status, code } = answerTexts({ protocol, method, kind, reason })
  return {
    'Auth-Status': status,
    ...(code !== null && { 'Auth-Error-Code': code }),
    // Without it nginx closes the client's connection (A:725).
    ...(waitSeconds !== null && { 'Auth-Wait': String(waitSeconds) }),
  }
}
