/** The settings in force: what people have set lies over what is configured, also what they set on another node. */
import type { Logger } from 'pino'
import type { Database } from '../database/schema.ts'
import { createFollower } from '../follower.ts'
import { type HotState, HotStateAway } from '../hot-state/port.ts'
import type { Sealer } from '../sealing.ts'
import type { SettingKey, Settings } from '../settings/definitions.ts'
import { type Configured, getValue, inForce, putValue } from './configured.ts'
import { liveKeys, printValue, readStored, type Stored } from './stored.ts'

/** Hot-state key of a count that every change of settings raises. */
export const settingsVersionKey = 'settings:version'

export interface LiveSettings {
  configured: Configured
  /** Rises whenever a value has changed. */
  revision(): number
  /**
   * Resolves when everything is in force that was set before this version was read. Never rejects: what cannot be read
   * now is read later, and until then the settings stay as they are.
   * @param version value of `settingsVersionKey`
   * @param generation of the hot state before that was read
   */
  follow(version: string | null, generation: number): Promise<void>
  /** The same for whoever reads no version. Never rejects. */
  refresh(): Promise<void>
  /** Resolves when what was committed before is in force here. Never rejects. */
  reread(): Promise<void>
  /** Calls back now, and after every change. */
  watch(listener: () => void): void
}

interface LiveSettingsParts {
  db: Database
  hot: HotState
  sealer: Sealer
  log: Pick<Logger, 'warn'>
  /** Milliseconds that only ever go forward. */
  steady: () => number
  /** Changed in place, section by section. */
  settings: Settings
  sources: Configured['sources']
}

/** After a reading that failed nobody tries again for so long: logins go on as before. */
const retryMs = 1_000

/** Resolves when all that was set before is in force. @throws the database's error */
export async function openLiveSettings(parts: LiveSettingsParts): Promise<LiveSettings> {
  const { db, hot, sealer, log, steady, settings } = parts
  const configured: Configured = { settings: structuredClone(settings), sources: parts.sources }
  const listeners: (() => void)[] = []
  /** Rows that are not in force, as they have been told of. */
  const told = new Map<SettingKey, number>()
  let revision = 0
  let failedAt: number | null = null

  const follower = createFollower(async () => {
    const stored = await readStored(db, sealer)
    const changed = liveKeys.filter(key => putInForce(key, stored.get(key)))
    failedAt = null
    if (changed.length === 0) return
    revision += 1
    for (const listener of listeners) listener()
  }, steady)

  /** @returns whether the value is another one than before */
  const putInForce = (key: SettingKey, stored: Stored | undefined): boolean => {
    if (stored && 'invalid' in stored.read && told.get(key) !== stored.version) {
      told.set(key, stored.version)
      log.warn({ setting: key }, `what was set is not in force: ${key} ${stored.read.invalid}`)
    }
    const { value } = inForce(configured, key, stored)
    if (printValue(key, value) === printValue(key, getValue(settings, key))) return false
    putValue(settings, key, value)
    return true
  }

  const bear = async (reading: () => Promise<void>) => {
    if (failedAt !== null && steady() < failedAt + retryMs) return
    try {
      await reading()
    } catch (error) {
      if (failedAt === null) log.warn({ err: error }, 'settings not read, they stay as they are')
      failedAt = steady()
    }
  }

  const followVersion = async () => {
    const generation = hot.generation()
    const version = await readVersion(hot)
    await (version === undefined ? follower.reread() : follower.follow(`${generation} ${version}`))
  }

  // By its version, so that the first login does not read all of it again.
  await followVersion()
  return {
    configured,
    revision: () => revision,
    follow: (version, generation) => bear(() => follower.follow(`${generation} ${version}`)),
    refresh: () => bear(followVersion),
    reread: () => bear(follower.reread),
    watch(listener) {
      listeners.push(listener)
      listener()
    },
  }
}

/** Undefined = the hot state is away, and the database alone knows. */
async function readVersion(hot: HotState): Promise<string | null | undefined> {
  try {
    const [version] = await hot.apply([{ op: 'read', key: settingsVersionKey }])
    return version
  } catch (error) {
    if (error instanceof HotStateAway) return undefined
    throw error
  }
}
