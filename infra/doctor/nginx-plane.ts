/** Whether the gateway answers where nginx asks, and whether nginx does ask. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Settings } from '../../lib/settings/definitions.ts'
import { showAuthHttp } from '../adapter/welcome.ts'
import { fail, type Note, ok, warn } from './finding.ts'

const answerMs = 10_000
const latelyMs = 24 * 3_600_000

/**
 * Asks as nginx does for mail without a login (`Auth-Method: none`): the answer shows that the gateway decides and can
 * write its row, and no counter moves.
 */
export async function askAsNginx(ours: Settings['auth_server']): Promise<Note> {
  const place = showAuthHttp(ours)
  let answer: string
  try {
    answer = await ask(ours)
  } catch (error) {
    const found = `nobody answers at ${place} (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`
    return fail(found, 'start the gateway; if it runs, see where it listens with mailgateway config print')
  }
  if (/^Auth-Error-Code: 530 5\.7\.0\r$/im.test(answer)) return ok(`the gateway answers at ${place}`)
  if (!/^Auth-Status: /im.test(answer)) {
    return fail(
      `something else than this gateway answers at ${place}`,
      'give auth_server.port a port of its own',
    )
  }
  const found = `the gateway at ${place} cannot decide`
  return fail(found, 'if auth_server.secret was changed, restart it; else its log says why')
}

async function ask({ host, port, secret }: Settings['auth_server']): Promise<string> {
  const loopback = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const socket = host.startsWith('unix:') ? connect(host.slice('unix:'.length)) : connect(port, loopback)
  socket.setTimeout(answerMs, () => socket.destroy(new Error(`no answer within ${answerMs / 1000} s`)))
  await once(socket, 'connect')
  const headers = {
    Host: 'localhost',
    'Auth-Method': 'none',
    'Auth-User': '',
    'Auth-Pass': '',
    'Auth-Protocol': 'smtp',
    'Auth-Login-Attempt': '1',
    'Client-IP': 'unix:',
    ...(secret !== '' && { 'X-Auth-Key': secret }),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET /api/auth HTTP/1.0\r\n${lines.join('')}\r\n`)
  return text(socket)
}

/** @param newestLoginAt UTC milliseconds, null = never */
export function checkTraffic(newestLoginAt: number | null): Note {
  const advice = 'if mail clients do try: see auth_http in nginx, and the error log of nginx'
  if (newestLoginAt === null) return warn('nginx has never asked about a login', advice)
  const when = `${new Date(newestLoginAt).toISOString().slice(0, 19)}Z`
  if (Date.now() - newestLoginAt < latelyMs) return ok(`nginx has asked last at ${when}`)
  return warn(`nginx has not asked for a day, last at ${when}`, advice)
}
