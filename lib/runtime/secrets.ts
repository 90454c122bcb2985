/** Where the master secret comes from. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { ConfigError } from './config-error.ts'

/** Where the embedded default keeps its master secret, unless MAILGATEWAY_SECRET_KEY is set. */
export const secretFile = (dataDir: string) => join(dataDir, 'secret.key')

/** Whether other gateways may read what this one seals, so that all need the same secret. */
export const sharesData = ({ database, hotState }: Pick<Config, 'database' | 'hotState'>) =>
  database.kind === 'mysql' || hotState.kind === 'redis'

/**
 * The configured secrets, the newest first, or the one that the embedded default keeps in its data folder.
 * Made on first use, 256 random bits, readable by its owner only.
 * @param isShared then none is made here
 * @throws ConfigError when there is none and none may be made
 */
export function loadMasterSecrets(secretKeys: string[], dataDir: string, isShared = false): string[] {
  if (secretKeys.length > 0) return secretKeys
  if (isShared) {
    throw new ConfigError(
      `MAILGATEWAY_SECRET_KEY: all gateways on one MySQL or Redis need the same secret; give each the text of ${secretFile(dataDir)} if there is such a file, else a new one (openssl rand -base64 32)`,
    )
  }
  const file = secretFile(dataDir)
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const secret = readFileSync(file, 'utf8').trim()
  if (secret.length < 32)
    throw new Error(`${file} is damaged: it holds fewer than 32 characters; restore it or remove it`)
  return [secret]
}
