/** Whether nginx asks this gateway, in time, and with its secret. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Settings } from '../../lib/settings/definitions.ts'
import { parseDuration } from '../../lib/settings/values.ts'
import { showAuthHttp } from '../adapter/welcome.ts'
import { reachesUs, readAuthHttp } from './auth-http.ts'
import { fail, type Note, ok, warn } from './finding.ts'
import { type MailServer, readMailServers } from './nginx-dump.ts'
import { askAsNginx } from './nginx-plane.ts'

type Expected = Pick<Settings, 'auth' | 'auth_server'>

/** After `auth.deadline` an attempt is still counted and written down, see lib/login/authenticate.ts. */
const settleMs = 1_000
const nginxTimeoutMs = 60_000
const mostDumpBytes = 64 * 1024 * 1024
const byHand = 'as root: nginx -T > nginx.txt; then: mailgateway doctor --nginx-conf nginx.txt'

/** @param dumpFile a file with the output of `nginx -T`; without it nginx is asked */
export async function checkNginx(settings: Expected, dumpFile: string | undefined): Promise<Note[]> {
  // Another nginx than the one of this machine may serve mail; a file that was given is meant.
  const note = dumpFile === undefined ? warn : fail
  let servers: MailServer[]
  try {
    servers = readMailServers(dumpFile === undefined ? await askNginx() : readFileSync(dumpFile, 'utf8'))
  } catch (error) {
    const source = dumpFile ?? 'nginx -T'
    return [note(`the configuration of nginx cannot be read from ${source}: ${oneLine(error)}`, byHand)]
  }
  if (servers.length === 0) {
    const advice = `include conf/nginx/mail.conf in nginx.conf; if another nginx serves mail, ${byHand}`
    return [note('this nginx serves no mail', advice)]
  }
  const notes = await checkServers(servers, settings)
  if (notes.length > 0) return notes
  return [ok(`its ${servers.length} mail servers ask ${showAuthHttp(settings.auth_server)}`)]
}

/** What several servers have in common is said once. */
async function checkServers(servers: MailServer[], settings: Expected): Promise<Note[]> {
  const checks = servers.map(async server => {
    const notes = await checkServer(server, settings)
    return notes.map(note => ({ note, place: server.listens.join(', ') }))
  })
  const alike = Map.groupBy((await Promise.all(checks)).flat(), ({ note }) => note.found)
  return [...alike.values()].map(group => {
    const places = group.map(({ place }) => place).join('; ')
    const { note } = group[0]!
    return { ...note, found: `mail on ${places}: ${note.found}` }
  })
}

async function askNginx(): Promise<string> {
  // Debian has it in /usr/sbin, which is not in everybody's PATH.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` }
  const { stdout } = await promisify(execFile)('nginx', ['-T'], { env, maxBuffer: mostDumpBytes })
  return stdout
}

/** Of a program that failed, its own line that says why. */
function oneLine(error: unknown): string {
  const { stderr, message, syscall } = error as NodeJS.ErrnoException & { stderr?: string }
  if (syscall === 'spawn nginx') return 'there is no nginx on this machine'
  return stderr?.split('\n').find(line => line.includes('[emerg]')) ?? message.split('\n')[0]!
}

async function checkServer(server: MailServer, settings: Expected): Promise<Note[]> {
  const { notes, isDirect } = await checkAddress(server, settings.auth_server)
  return [
    ...notes,
    ...(isDirect ? checkHeaders(server, settings.auth_server.secret) : []),
    ...checkTimeout(server, settings.auth.deadline),
    ...checkTowardsBackend(server),
  ]
}

const argumentOf = (server: MailServer, name: string) => server.lines(name).at(-1)?.args[0]

/** `isDirect`: nothing stands between that sends headers of its own. */
async function checkAddress(
  server: MailServer,
  ours: Settings['auth_server'],
): Promise<{ notes: Note[]; isDirect: boolean }> {
  const written = argumentOf(server, 'auth_http')
  const advice = `write auth_http ${showAuthHttp(ours)}; and reload nginx`
  const place = readAuthHttp(written ?? '')
  if (place === null) return { notes: [fail(`auth_http ${written ?? 'is missing'}`, advice)], isDirect: true }
  if (!(await reachesUs(place, ours))) {
    // With conf/nginx/ha.conf a hop stands between, which knows the secret.
    const { level } = await askAsNginx({ host: place.host, port: place.port, secret: '' })
    if (level !== 'ok')
      return { notes: [fail(`auth_http ${written} leads elsewhere`, advice)], isDirect: true }
    const found = `auth_http ${written} does not lead straight to this gateway, but a gateway answers there`
    return {
      notes: [warn(found, `as it should with conf/nginx/ha.conf; otherwise ${advice}`)],
      isDirect: false,
    }
  }
  const isRight = place.path === '/api/auth'
  const notes = isRight
    ? []
    : [fail(`auth_http ${written} asks for ${place.path}, which nobody answers`, advice)]
  return { notes, isDirect: true }
}

/** Header texts are compared and never shown: they are secrets. */
function checkHeaders(server: MailServer, secret: string): Note[] {
  const header = 'auth_http_header'
  const keysOf = (lines: ReturnType<MailServer['lines']>) =>
    lines.filter(({ args }) => args[0]?.toLowerCase() === 'x-auth-key').map(({ args }) => args[1])
  const keys = keysOf(server.lines(header))
  const dropped = server.dropped(header)
  const advice =
    'write auth_http_header X-Auth-Key with the text of auth_server.secret, once, and reload nginx'
  if (secret !== '' && keys.length === 0 && keysOf(dropped).length > 0) {
    const found = 'its own auth_http_header drops those of mail { }, the secret with them'
    return [
      fail(found, 'repeat the auth_http_header X-Auth-Key line inside this server { }, and reload nginx'),
    ]
  }
  if (secret !== '' && keys.length === 0) return [fail('it does not send the secret', advice)]
  if (secret !== '' && (keys.length > 1 || keys[0] !== secret)) {
    return [fail('the secret in X-Auth-Key is not that of auth_server.secret', advice)]
  }
  const names = new Set(server.lines(header).map(({ args }) => args[0]))
  const lost = dropped.map(({ args }) => args[0]).filter(each => !names.has(each))
  if (lost.length === 0) return []
  const found = `its own auth_http_header drops ${lost.join(', ')} of mail { }`
  return [warn(found, 'repeat those lines inside this server { } if they are meant to hold here')]
}

function checkTimeout(server: MailServer, deadline: number): Note[] {
  const written = server.lines('auth_http_timeout').at(-1)?.args.join('')
  const timeout = written === undefined ? nginxTimeoutMs : parseDuration(written)
  // Years, months and weeks, which only nginx knows, are long enough.
  if (timeout === undefined || timeout > deadline + settleMs) return []
  const advice = 'set auth_http_timeout two seconds above auth.deadline, and reload nginx'
  if (timeout > deadline)
    return [warn(`auth_http_timeout ${written} leaves no second beyond auth.deadline`, advice)]
  return [fail(`auth_http_timeout ${written} is not above auth.deadline: nginx hangs up first`, advice)]
}

function checkTowardsBackend(server: MailServer): Note[] {
  const notes: Note[] = []
  if (argumentOf(server, 'proxy_pass_error_message') !== 'on') {
    const found = 'proxy_pass_error_message is off: a backend that refuses a login reads as an internal error'
    notes.push(warn(found, 'write proxy_pass_error_message on; in mail { }'))
  }
  if (isSmtp(server) && argumentOf(server, 'proxy_smtp_auth') !== 'on') {
    const xclient = argumentOf(server, 'xclient') !== 'off'
    const found = xclient
      ? 'nginx does not log in to the SMTP backend, it only names the user in XCLIENT'
      : 'nginx neither logs in to the SMTP backend nor names the user in XCLIENT'
    notes.push(
      warn(found, 'write proxy_smtp_auth on; xclient off; unless the backend trusts the address of nginx'),
    )
  }
  return notes
}

/** Without a protocol line nginx goes by the port. */
function isSmtp(server: MailServer): boolean {
  const protocol = argumentOf(server, 'protocol')
  return protocol === undefined
    ? server.listens.some(listen => /(^|:)(25|465|587)$/.test(listen))
    : protocol === 'smtp'
}
