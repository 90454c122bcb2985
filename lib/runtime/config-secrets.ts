import { readFileSync } from 'node:fs'
import { parseAdminPassword } from '../admin/passwords.ts'
import { Refusal } from '../refusal.ts'
import { rejectSecret } from '../settings/values.ts'
import { ConfigError, quoteText } from './config-error.ts'

/**
 * Reads a secret that a variable names the file of; a line break at its end is not part of it.
 * @throws ConfigError without the secret in it
 */
export function readSecretFile(variable: string, path: string): string {
  const refuse = (wrong: string) => new ConfigError(`environment ${variable}: ${quoteText(path)} ${wrong}`)
  let text: string
  try {
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw refuse(`cannot be read (${code}); name a file that this user may read`)
  }
  if (text === '') throw refuse('is empty; write the secret into it')
  return text
}

/**
 * Reads MAILGATEWAY_SECRET_KEY: `new` or `new,old…`, each of at least 32 characters.
 * @returns the keys, the newest first; none when the variable is not set
 * @throws ConfigError without the keys in it
 */
export function parseSecretKeys(text: string | undefined): string[] {
  if (text === undefined) return []
  const keys = text.split(',').map(key => key.trim())
  for (const [index, key] of keys.entries()) {
    const rejected = rejectSecret(key, 32)
    if (rejected === undefined) continue
    const which = keys.length === 1 ? 'the key' : `key ${index + 1} of ${keys.length}`
    throw new ConfigError(`environment MAILGATEWAY_SECRET_KEY: ${which} ${rejected}`)
  }
  return keys
}

/**
 * Checks MAILGATEWAY_ADMIN_PASSWORD as a password that an administrator sets.
 * @throws ConfigError without the password in it
 */
export function checkAdminPassword(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const refuse = (why: string) => new ConfigError(`environment MAILGATEWAY_ADMIN_PASSWORD: ${why}`)
  const tooLong = Buffer.byteLength(text) > 72 ? 'is too long; write at most 72 bytes' : undefined
  const rejected = rejectSecret(text, 12) ?? tooLong
  if (rejected !== undefined) throw refuse(`the password ${rejected}`)
  try {
    return parseAdminPassword(text, 'the password')
  } catch (error) {
    throw error instanceof Refusal ? refuse(error.message) : error
  }
}
