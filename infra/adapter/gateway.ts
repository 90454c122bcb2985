/** A running gateway: its services, two listeners and the control socket. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { functions } from '../../functions/index.ts'
import { answerUnparsed, notDecided } from '../../functions/nginx-auth/app.ts'
import { type FileLock, takeFileLock } from '../../lib/database/file-lock.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { ConfigError } from '../../lib/runtime/config-error.ts'
import { createHashPool } from '../../lib/runtime/hash-pool.ts'
import { closeGracefully, createAdminPlane, createNginxPlane, listen } from '../../lib/runtime/node.ts'
import { openServices, type Services } from '../../lib/runtime/services.ts'
import { openControl } from './control.ts'

export interface Gateway {
  services: Services
  /** Lets every login that has begun end with its answer, then closes everything. */
  stop(): Promise<void>
}

/** Longer than a login may take. */
const graceMs = 12_000
/** A command that works on the data folder itself is done by then. */
const lockMs = 5_000

/** The kernel has room for 107 bytes (sun_path, unix(7)). */
const longestSocketPath = 107

/** @throws ConfigError when the folder's path is too long for a socket in it */
export function controlFile(dataDir: string): string {
  const file = join(dataDir, 'control.sock')
  if (Buffer.byteLength(file) <= longestSocketPath) return file
  const most = longestSocketPath - '/control.sock'.length
  throw new ConfigError(`MAILGATEWAY_DATA_DIR: the path ${dataDir} is too long; use at most ${most} bytes`)
}

/** @throws Refusal when another process uses the data folder, ConfigError when the folder cannot be used */
export function lockDataFolder(dataDir: string): FileLock {
  const lock = tryLock(dataDir)
  if (lock) return lock
  throw new Refusal(
    'conflict',
    'MAILGATEWAY_DATA_DIR',
    `another gateway is using ${dataDir}; stop it, or choose another MAILGATEWAY_DATA_DIR`,
  )
}

function tryLock(dataDir: string): FileLock | null {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    return takeFileLock(join(dataDir, 'gateway.lock'), lockMs)
  } catch (error) {
    throw new ConfigError(
      `MAILGATEWAY_DATA_DIR: cannot use ${dataDir} (${(error as NodeJS.ErrnoException).code}); name a folder that this user may write to`,
      { cause: error },
    )
  }
}

/**
 * Starts everything, or nothing.
 * @throws ConfigError, Refusal, or the error of a part that failed
 */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  const { server, auth_server } = config.settings
  const undo: (() => unknown)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const socket = controlFile(config.dataDir)
    const lock = lockDataFolder(config.dataDir)
    undo.push(() => lock.release())
    const { hash_threads, hash_deadline } = config.settings.auth
    const passwords = createHashPool(hash_threads, hash_deadline)
    undo.push(() => passwords.close())
    const services = await openServices(config, log, passwords)
    undo.push(() => services.close())
    services.backends.start()

    for (const { plane, create } of functions.filter(f => f.plane === 'nginx')) {
      const nginxPlane = createNginxPlane({
        app: create(services),
        fallback: notDecided,
        answerUnparsed: packet => answerUnparsed(services, packet),
      })
      await listen(nginxPlane, auth_server.host, auth_server.port, 'auth_server')
      undo.push(() => closeGracefully(nginxPlane, graceMs))
      log.info({ plane, host: auth_server.host, port: auth_server.port }, 'listening')
    }
    const adminPlane = createAdminPlane(createHealthApp(services))
    await listen(adminPlane, server.host, server.port, 'server')
    undo.push(() => closeGracefully(adminPlane, graceMs))
    log.info({ plane: 'admin', host: server.host, port: server.port }, 'listening')

    const control = await openControl(services, socket)
    undo.push(() => closeGracefully(control, graceMs))
    return { services, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** `/healthz`: the process answers. `/readyz`: logins can be decided. */
function createHealthApp({ db, hot, log }: Services): Hono {
  const app = new Hono()
  app.get('/healthz', c => c.json({ status: 'ok' }))
  app.get('/readyz', async c => {
    try {
      await db.selectFrom('system_config').select('name').limit(1).execute()
      await hot.apply([{ op: 'read', key: 'ready' }])
      return c.json({ status: 'ready' })
    } catch (error) {
      log.error({ err: error }, 'not ready')
      return c.json({ status: 'not ready', reason: (error as Error).message }, 503)
    }
  })
  return app
}
