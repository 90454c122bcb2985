/** One health check: connect and read the greeting, as nginx will do right after. */
import { connect, type Socket } from 'node:net'
import type { Protocol } from '../mailbox/protocols.ts'
import type { Outcome } from './shapes.ts'

/** One place a login can be sent to. `address` is an IP literal. */
export interface Endpoint {
  protocol: Protocol
  address: string
  port: number
}

// The bytes nginx compares (src/mail/ngx_mail_proxy_module.c, ngx_mail_proxy_read_response): `* PREAUTH` is a failure.
const greetings: Record<Protocol, string> = { imap: '* OK', pop3: '+OK', smtp: '220' }
const farewells: Record<Protocol, string> = { imap: 'a LOGOUT\r\n', pop3: 'QUIT\r\n', smtp: 'QUIT\r\n' }
const refusals = new Set(['ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH'])
const longestGreeting = 1_024
const lingerMs = 1_000

/**
 * Connects, reads the first line (1 KiB at the most) and takes leave. Never rejects.
 * @param timeoutMs for connecting and reading together.
 * @param signal cuts the check short; its outcome then says nothing about the backend.
 */
export function checkGreeting(
  { protocol, address, port }: Endpoint,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Outcome> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port, signal })
    let received = ''
    let connected = false
    const timer = setTimeout(() => {
      settle({ kind: 'failed', error: `no ${connected ? 'greeting' : 'connection'} within ${timeoutMs} ms` })
    }, timeoutMs)

    function settle(outcome: Outcome): void {
      clearTimeout(timer)
      socket.removeListener('data', read)
      if (outcome.kind === 'good') takeLeave(socket, farewells[protocol])
      else socket.destroy()
      resolve(outcome)
    }

    function read(chunk: Buffer): void {
      received = (received + chunk.toString('latin1')).slice(0, longestGreeting)
      if (!received.includes('\n') && received.length < longestGreeting) return
      const greeting = printable(received)
      if (received.startsWith(greetings[protocol])) settle({ kind: 'good', greeting })
      else settle({ kind: 'failed', error: `unexpected greeting "${greeting}"` })
    }

    socket.on('connect', () => {
      connected = true
    })
    socket.on('data', read)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message
      settle({ kind: refusals.has(code) ? 'refused' : 'failed', error: `connection failed: ${code}` })
    })
    // After an earlier verdict this changes nothing: a promise settles once.
    socket.on('close', () => settle({ kind: 'failed', error: 'closed without a greeting' }))
  })
}

/** Best effort: what the server still says is dropped, and the socket is gone after a second whatever it does. */
function takeLeave(socket: Socket, farewell: string): void {
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
  socket.resume()
  socket.end(farewell)
}

/** The first line, cut to 200 characters, safe in a log and on a terminal. */
function printable(received: string): string {
  const line = received.split(/\r?\n/, 1)[0] ?? ''
  return line
    .slice(0, 200)
    .replace(/[^\x20-\x7e]/g, byte => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
