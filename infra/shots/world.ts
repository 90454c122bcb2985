/** Two real gateways: one as after its first start, one that many use. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare, hash } from 'bcryptjs'
import { pino } from 'pino'
import { loadConfig } from '../../lib/runtime/config.ts'
import { bringUpSchema } from '../../lib/runtime/schema.ts'
import { openServices } from '../../lib/runtime/services.ts'
import { ask, nginxLines } from '../e2e/ask.ts'
import { type Gateway, startGateway } from '../e2e/gateway.ts'
import { startGreeters } from '../e2e/greeter.ts'
import { writeAttempts } from './attempts.ts'
import { addMailboxes, mailboxPassword, shown } from './mailboxes.ts'
import { addPeople } from './people.ts'
import { addPlaces, placeOf } from './places.ts'

export const adminPassword = 'a long password of the first one'

export interface World extends AsyncDisposable {
  empty: Gateway
  busy: Gateway
  /** Of the administrator `newcomer`, who has to change it. */
  oneTimePassword: string
}

export const settings = {
  MAILGATEWAY_ADMIN_PASSWORD: adminPassword,
  MAILGATEWAY_SERVER_RATE_LIMIT: '1000000',
  // What is locked stays so until the last picture.
  MAILGATEWAY_AUTH_LOCK_TTL: '24h',
}

/** @param say is told what is being done */
export async function startWorld(
  size: { mailboxes: number; attempts: number },
  say: (text: string) => void,
): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-shots-'))
  const started = new AsyncDisposableStack()
  started.defer(() => rmSync(folder, { recursive: true }))
  try {
    const greeters = await startGreeters()
    started.defer(() => greeters.close())
    const data = join(folder, 'busy')
    const oneTimePassword = await fill(data, size, greeters.ports, say)
    const empty = started.use(await startGateway(join(folder, 'empty'), { settings }))
    const busy = started.use(await startGateway(data, { settings }))
    say('guessing at passwords')
    await guess(busy)
    return { empty, busy, oneTimePassword, [Symbol.asyncDispose]: () => started.disposeAsync() }
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

export async function fill(
  folder: string,
  { mailboxes, attempts }: { mailboxes: number; attempts: number },
  ports: Awaited<ReturnType<typeof startGreeters>>['ports'],
  say: (text: string) => void,
): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const config = loadConfig({ env: { MAILGATEWAY_DATA_DIR: folder }, cwd: folder })
  const passwords = {
    hash: (text: string, cost = 10) => hash(text, cost),
    verify: compare,
    hashInTurn: (text: string) => hash(text, 10),
  }
  const services = await openServices(config, pino({ level: 'silent' }), {
    passwords,
    migrate: bringUpSchema,
  })
  try {
    say(`${mailboxes} mailboxes`)
    await addMailboxes(services, mailboxes)
    await addPlaces(services, ports)
    const oneTimePassword = await addPeople(services, adminPassword)
    say(`${attempts} attempts`)
    await writeAttempts(services, { count: attempts, mailboxes, placeOf: placeOf(ports) })
    return oneTimePassword
  } finally {
    await services.close()
  }
}

/** What only a running gateway knows: a mailbox that is locked, an address that was banned just now. */
export async function guess(gateway: Gateway): Promise<void> {
  const logIn = (user: string, password: string, from: string) =>
    ask(gateway.ports.nginx, nginxLines({ user, password }, { 'Client-IP': from }))
  const strangers = Array.from({ length: 6 }, (_, n) =>
    logIn(shown.locked, `guess number ${n}`, `198.51.100.${n + 1}`),
  )
  const sprayer = Array.from({ length: 22 }, (_, n) =>
    logIn(`user${200 + (n % 9)}@example.com`, `spray number ${n}`, '198.51.100.77'),
  )
  await Promise.all([...strangers, ...sprayer])
  for (const n of [0, 10, 20, 30]) await logIn(`user${n}@example.com`, mailboxPassword, `100.64.${n}.7`)
}
