/** Asking the gateway as nginx's mail proxy does: HTTP/1.0, a connection of its own, header bytes as they are. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { rememberLogin } from './leaks.ts'

export type Line = readonly [name: string, value: string]

export interface RawAnswer {
  /** Everything that came, one character per byte. */
  text: string
  statusLine: string
  /** Names in lower case. */
  headers: Record<string, string>
}

/** Where the nginx plane listens: a loopback port, or the path of a unix socket. */
type Place = number | string

/** What nginx sends for one login. `with` replaces or adds headers; undefined leaves one out. */
export function nginxLines(
  login: { user: string; password: string; protocol?: string; attempt?: number },
  replaced: Record<string, string | undefined> = {},
): Line[] {
  rememberLogin(login)
  const headers: Record<string, string | undefined> = {
    'Auth-Method': 'plain',
    'Auth-User': escapeAsNginx(login.user),
    'Auth-Pass': escapeAsNginx(login.password),
    'Auth-Protocol': login.protocol ?? 'imap',
    'Auth-Login-Attempt': String(login.attempt ?? 1),
    'Client-IP': '192.0.2.7',
    ...replaced,
  }
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
}

/** nginx's escaping: bytes up to space, and `%`, as `%XX`; all else raw, here one character per byte. */
export function escapeAsNginx(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[\x00-\x20%]/g, byte => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** The request as nginx writes it. */
export function writeRequest(lines: readonly Line[], path = '/api/auth'): string {
  const headers = [['Host', '127.0.0.1'] as const, ...lines].map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.0\r\n${headers.join('')}\r\n`
}

/** Sends bytes (one per character), reads until the gateway closes. */
export async function sendRaw(place: Place, request: string): Promise<RawAnswer> {
  const socket = typeof place === 'number' ? connect(place, '127.0.0.1') : connect(place)
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.write(request, 'latin1')
  await once(socket, 'close')
  const text = Buffer.concat(chunks).toString('latin1')
  const [statusLine = '', ...rest] = text.split('\r\n\r\n')[0]!.split('\r\n')
  const headers = rest.map(line => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ])
  return { text, statusLine, headers: Object.fromEntries(headers) }
}

export async function ask(place: Place, lines: readonly Line[]): Promise<RawAnswer> {
  return sendRaw(place, writeRequest(lines))
}
