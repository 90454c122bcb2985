/** Configuration becomes services: the only place where a process's parts are put together. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { Logger } from 'pino'
import { type AuditTrail, createAuditTrail } from '../audit/append.ts'
import type { Spool } from '../audit/spool.ts'
import { createStats, type Stats } from '../audit/stats.ts'
import { createDirectory, type Directory } from '../backend/directory.ts'
import { type BanList, createBanList } from '../ban/list.ts'
import type { MigrationStep } from '../database/migrate.ts'
import { openDatabase } from '../database/open.ts'
import type { Database } from '../database/schema.ts'
import type { Away } from '../database/watch.ts'
import { createDigest, type Digest } from '../digest.ts'
import type { HotState } from '../hot-state/port.ts'
import { type LiveSettings, openLiveSettings } from '../live-settings/live.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import type { Metrics } from '../metrics.ts'
import { createNotices, type Notices } from '../notify/notices.ts'
import type { Actor } from '../operation/record.ts'
import { createSealer, type Sealer } from '../sealing.ts'
import type { Settings } from '../settings/definitions.ts'
import type { InFlight } from '../stats/in-flight.ts'
import { createLive, type Live } from '../stats/live.ts'
import { type Config, describeStores, type Stores } from './config.ts'
import { deriveKey } from './derive-key.ts'
import { openHotState } from './hot-state.ts'
import { nameNode } from './node-name.ts'
import { loadMasterSecrets, sharesData } from './secrets.ts'

export interface Services {
  db: Database
  /** For searches that may take long: they wait for no login, and no login for them. */
  logDb: Database
  /** Why the server of the database is away; null = as far as is known it is there. */
  databaseAway: () => Away | null
  hot: HotState
  passwords: Passwords
  audit: AuditTrail
  notices: Notices
  /** Counts what `audit` writes; a host that lives on has to start it. */
  stats: Stats
  /** Name of this process among those that share the database. */
  node: string
  stores: Stores
  backends: Directory
  bans: BanList
  /** For what lives in the hot state only. */
  digest: Digest
  /** Of digests that are stored, the newest first. */
  grantKeys: KeyObject[]
  sealer: Sealer
  /** Signs access tokens. */
  tokenKey: KeyObject
  /** Live: a changed setting has its new value here at the next request. */
  settings: Settings
  /** Keeps them so. */
  liveSettings: LiveSettings
  /** In whose name changes are made; each request of the API has its own. */
  actor: Actor
  clock: () => number
  log: Logger
  /** Undefined on a host that shows none. */
  metrics?: Metrics
  /** Attempts that this process is deciding. */
  inFlight: InFlight
  live: Live
  /** Aborted when the host begins to stop: answers without an end end then. Undefined on a host that cannot stream. */
  stopping?: AbortSignal
  close(): Promise<void>
}

export interface Clocks {
  /** Wall clock, UTC milliseconds; it may be set. */
  clock: () => number
  /** Milliseconds that only ever go forward: locks and bans must not move with a clock that is set. */
  steady: () => number
}

const realClocks: Clocks = { clock: Date.now, steady: () => performance.now() }

/** What differs from host to host. */
export interface Host extends Pick<Services, 'metrics'> {
  /** How it hashes; the caller closes it. */
  passwords: Passwords
  /** Brings the schema up to date at the start; absent = another process of this version sees to it, and to the server. */
  migrate?: (db: Database) => Promise<MigrationStep[]>
  /** Where rows of the auth log wait while the database is away. */
  spool?: Spool
  /** Whether it stands still between calls: then nothing runs by itself. */
  sleeps?: boolean
  /** Which of the processes of one gateway it is; absent = there is one. */
  worker?: number | undefined
}

/**
 * Opens everything. The schema of a host that sees to it is up to date when it resolves.
 * @throws an Error of one line when what is configured cannot be opened
 */
export async function openServices(
  config: Config,
  log: Logger,
  { passwords, metrics, migrate, spool, sleeps = false, worker }: Host,
  { clock, steady }: Clocks = realClocks,
): Promise<Services> {
  const { settings } = config
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const secrets = loadMasterSecrets(config.secretKeys, config.dataDir, sharesData(config))
  const {
    db,
    logDb,
    schemaDb,
    away: databaseAway,
    close: closeDatabases,
  } = await openDatabase(config.database, settings.database, migrate !== undefined)
  const sealer = createSealer(secrets.map(secret => deriveKey(secret, 'sealing')))
  let hot: HotState | undefined
  let liveSettings: LiveSettings
  try {
    for (const { name } of (await migrate?.(schemaDb)) ?? []) log.info({ migration: name }, 'schema changed')
    hot = await openHotState(config, { db, log, steady, metrics, sleeps })
    const { sources } = config
    liveSettings = await openLiveSettings({ db, hot, sealer, log, steady, settings, sources })
  } catch (error) {
    await hot?.close()
    await closeDatabases()
    throw error
  }
  const node = nameNode(settings, worker === undefined ? '' : `/${worker}`)
  const backends = createDirectory({ db, hot, log, clock, node, settings: settings.backend })
  const stats = createStats({ db, logDb, clock, node, log })
  const notices = createNotices({ db, clock, settings, log, sleeps })
  const audit = createAuditTrail({ db, log, metrics, spool, stats: sleeps ? undefined : stats })
  return {
    db,
    logDb,
    databaseAway,
    hot,
    node,
    stores: describeStores(config),
    stats,
    passwords,
    audit,
    notices,
    backends,
    bans: createBanList({ db, clock, steady }),
    digest: createDigest(deriveKey(secrets[0]!, 'credential-cache')),
    grantKeys: secrets.map(secret => deriveKey(secret, 'grants')),
    tokenKey: tokenKeyOf(settings.jwt.secret, secrets[0]!),
    sealer,
    settings,
    liveSettings,
    actor: { name: 'command line', address: '' },
    clock,
    log,
    metrics,
    inFlight: { count: 0 },
    live: createLive({ logDb, hot, clock }),
    async close() {
      await backends.stop()
      await notices.close()
      await audit.close()
      await stats.stop()
      await hot.close()
      await closeDatabases()
    },
  }
}

function tokenKeyOf(secret: string, master: string): KeyObject {
  return secret === '' ? deriveKey(master, 'access-tokens') : createSecretKey(Buffer.from(secret))
}
