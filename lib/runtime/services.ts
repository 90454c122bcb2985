/** Configuration becomes services: the only place where a process's parts are put together. */
import type { KeyObject } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { Logger } from 'pino'
import { migrations } from '../../migrations/index.ts'
import { type AuditTrail, createAuditTrail } from '../audit/append.ts'
import { createDirectory, type Directory } from '../backend/directory.ts'
import { type BanList, createBanList } from '../ban/list.ts'
import { migrateUp } from '../database/migrate.ts'
import { openSqlite } from '../database/open.ts'
import type { Database } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import type { Metrics } from '../metrics.ts'
import { createSealer, type Sealer } from '../sealing.ts'
import type { Settings } from '../settings/definitions.ts'
import type { Config } from './config.ts'
import { ConfigError } from './config-error.ts'
import { openHotState } from './hot-state.ts'
import { deriveKey, loadMasterSecrets } from './secrets.ts'

export interface Services {
  db: Database
  /** For searches that may take long: they wait for no login, and no login for them. */
  logDb: Database
  hot: HotState
  passwords: Passwords
  audit: AuditTrail
  backends: Directory
  bans: BanList
  /** Of digests that live in the hot state only. */
  credentialKey: KeyObject
  /** Of digests that are stored, the newest first. */
  grantKeys: KeyObject[]
  sealer: Sealer
  settings: Settings
  clock: () => number
  log: Logger
  /** Undefined on a host that shows none. */
  metrics?: Metrics
  close(): Promise<void>
}

export interface Clocks {
  /** Wall clock, UTC milliseconds; it may be set. */
  clock: () => number
  /** Milliseconds that only ever go forward: locks and bans must not move with a clock that is set. */
  steady: () => number
}

const realClocks: Clocks = { clock: Date.now, steady: () => performance.now() }

/**
 * Opens everything. On the embedded database all migrations have run when it resolves.
 * @param host how this host hashes (the caller closes it), and what it counts with
 * @throws ConfigError, one line, when this version cannot open what is configured
 */
export async function openServices(
  config: Config,
  log: Logger,
  { passwords, metrics }: Pick<Services, 'passwords' | 'metrics'>,
  { clock, steady }: Clocks = realClocks,
): Promise<Services> {
  const { settings } = config
  const file = embeddedFile(config)
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const secrets = loadMasterSecrets(config.secretKeys, config.dataDir)
  const { db, logDb, close: closeDatabases } = openSqlite(file)
  let hot: HotState
  try {
    for (const { name } of await migrateUp(db, migrations)) log.info({ migration: name }, 'schema changed')
    hot = await openHotState(config, { db, log, steady, metrics })
  } catch (error) {
    await closeDatabases()
    throw error
  }
  const backends = createDirectory({
    db,
    log,
    clock,
    dnsServers: settings.backend.dns_servers,
    intervalMs: settings.backend.check_interval,
    health: {
      timeoutMs: settings.backend.check_timeout,
      fall: settings.backend.fall,
      rise: settings.backend.rise,
    },
  })
  return {
    db,
    logDb,
    hot,
    passwords,
    audit: createAuditTrail(db, metrics),
    backends,
    bans: createBanList({ db, clock, steady }),
    credentialKey: deriveKey(secrets[0]!, 'credential-cache'),
    grantKeys: secrets.map(secret => deriveKey(secret, 'grants')),
    sealer: createSealer(secrets.map(secret => deriveKey(secret, 'sealing'))),
    settings,
    clock,
    log,
    metrics,
    async close() {
      await backends.stop()
      await hot.close()
      await closeDatabases()
    },
  }
}

/** @throws ConfigError when something else than the embedded database is asked for */
export function embeddedFile({ database, sources }: Config): string {
  if (database.kind === 'sqlite') return database.file
  throw new ConfigError(
    `database.host or DATABASE_URL (from ${sources.get('DATABASE_URL')}): this version cannot use MySQL yet; leave it empty for the embedded database`,
  )
}
