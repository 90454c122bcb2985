/** The gateway in the test's own process, with clocks that the test moves, asked as nginx asks it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Passwords } from '../../lib/mailbox/passwords.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { nginxLines } from './ask.ts'
import { askApp } from './ask-app.ts'
import { addBackends, type InProcess, openInProcess } from './in-process.ts'
import { plainPasswords } from './plain-passwords.ts'

export const answers = {
  ok: 'OK',
  wrong: '[AUTHENTICATIONFAILED] Invalid user name or password',
  later: '[UNAVAILABLE] Temporary failure, please try again later',
}

export interface Login {
  user: string
  password: string
  /** `Client-IP`. */
  from: string
  protocol?: string
}

export interface Answer {
  status: string | null
  code: string | null
  /** `Auth-Pass`, read as UTF-8. */
  pass: string | null
  /** Seconds; null = nginx closes the connection. */
  wait: string | null
}

export interface Guarded {
  /** The data folder. */
  folder: string
  services(): Services
  ask(login: Login): Promise<Answer>
  /** The audit row of the latest attempt. */
  lastRow(): Promise<{ reason: string; counters: string }>
  /** Comparisons so far. */
  hashes(): number
  /** What operators were alerted to, oldest first. */
  alerts: { alert: string; user?: string; cidr?: string }[]
  now(): number
  /** Both clocks go on. */
  pass(ms: number): void
  /** Somebody sets the wall clock. */
  setClock(byMs: number): void
  /** The process ends and another one begins, with nothing but the folder. */
  restart(): Promise<void>
  close(): Promise<void>
}

const readText = (bytes: string | null) => bytes && Buffer.from(bytes, 'latin1').toString('utf8')

/** @param verify what becomes of a comparison; the default compares plainly */
export async function openGuarded(
  settings: Record<string, string> = {},
  verify?: Passwords['verify'],
): Promise<Guarded> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-guarded-'))
  let wall = Date.UTC(2026, 2, 2)
  let steady = 1_000_000
  let hashes = 0
  const alerts: Guarded['alerts'] = []
  const write = (line: string) => {
    const entry = JSON.parse(line)
    if ('alert' in entry) alerts.push(entry)
  }
  const passwords = plainPasswords(() => hashes++, verify)
  const open = async () => {
    const env = { MAILGATEWAY_DATA_DIR: folder, MAILGATEWAY_AUTH_HASH_THREADS: '1', ...settings }
    const own = await openInProcess(env, { clock: () => wall, steady: () => steady })
    const services = { ...own.services, passwords, log: pino({ level: 'warn' }, { write }) }
    return { own, services }
  }
  let { own, services }: { own: InProcess; services: Services } = await open()
  await addBackends(services, { imap: 10143, pop3: 10110, smtp: 10587 })

  return {
    folder,
    services: () => services,
    async ask({ from, ...login }) {
      const headers = await askApp(services, nginxLines(login, { 'Client-IP': from }))
      return {
        status: headers.get('Auth-Status'),
        code: headers.get('Auth-Error-Code'),
        pass: readText(headers.get('Auth-Pass')),
        wait: headers.get('Auth-Wait'),
      }
    },
    lastRow: () =>
      services.db
        .selectFrom('auth_log')
        .select(['reason', 'counters'])
        .orderBy('request_id', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow(),
    hashes: () => hashes,
    alerts,
    now: () => wall,
    pass(ms) {
      wall += ms
      steady += ms
    },
    setClock(byMs) {
      wall += byMs
    },
    async restart() {
      await own.close()
      // The steady clock of another process begins anywhere.
      steady = 5_000
      ;({ own, services } = await open())
    },
    async close() {
      await own.close()
      rmSync(folder, { recursive: true })
    },
  }
}
