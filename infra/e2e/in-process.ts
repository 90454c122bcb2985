/** The gateway's services inside the test's own process: a real database of the project's kind, real bcrypt. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Protocol } from '../../lib/mailbox/protocols.ts'
import { type Config, loadConfig } from '../../lib/runtime/config.ts'
import { createHashPool } from '../../lib/runtime/hash-pool.ts'
import { bringUpSchema } from '../../lib/runtime/schema.ts'
import { type Clocks, openServices, type Services } from '../../lib/runtime/services.ts'
import { chooseSpool } from '../adapter/data-folder.ts'
import { verbs } from '../adapter/verbs.ts'
import { openStores, removeStores, withSecret } from './stores.ts'

export interface InProcess {
  services: Services
  config: Config
  /** Computations on the way of a login that really went to the hash pool. */
  hashes(): number
  close(): Promise<void>
}

/** @param settings environment variables of the gateway; without MAILGATEWAY_DATA_DIR a folder that lives until `close` */
export async function openInProcess(
  settings: Record<string, string> = {},
  clocks?: Clocks,
): Promise<InProcess> {
  const given = settings.MAILGATEWAY_DATA_DIR
  const folder = given ?? mkdtempSync(join(tmpdir(), 'mailgateway-'))
  const { REDIS_URL, ...elsewhere } = settings.DATABASE_URL === undefined ? await openStores(folder) : {}
  // Redis has a clock of its own, which no test moves.
  const redis: Record<string, string> = REDIS_URL !== undefined && clocks === undefined ? { REDIS_URL } : {}
  const ours = { MAILGATEWAY_DATA_DIR: folder, ...elsewhere, ...redis }
  const config = loadConfig({ env: withSecret({ ...ours, ...settings }), cwd: folder })
  const pool = createHashPool(config.settings.auth)
  let hashes = 0
  const passwords = {
    hash: pool.hash,
    verify: (password: string, hash: string) => {
      hashes++
      return pool.verify(password, hash)
    },
    hashInTurn: (password: string, place: string) => {
      hashes++
      return pool.hashInTurn(password, place)
    },
  }
  const spool = chooseSpool(config)
  const services = await openServices(
    config,
    pino({ level: 'silent' }),
    { passwords, migrate: bringUpSchema, spool },
    clocks,
  )
  return {
    services,
    config,
    hashes: () => hashes,
    async close() {
      await services.close()
      await pool.close()
      if (given !== undefined) return
      await removeStores(folder)
      rmSync(folder, { recursive: true })
    },
  }
}

/** A backend per protocol at one address. Nothing needs to listen there while the health rounds do not run. */
export async function addBackends(services: Services, ports: Record<Protocol, number>): Promise<void> {
  for (const [protocol, port] of Object.entries(ports)) {
    await verbs['backend add'](services, { protocol, host: '127.0.0.1', port })
  }
}
