/**
 * Every password, code and secret that a test uses is remembered here, and each gateway's files, output and metrics are
 * searched for all of them when it stops.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dumpRedis } from './redis.ts'

const secrets = new Set<string>()
/** Texts that tests use as names too: the auth log rightly holds them. */
const names = new Set<string>()

/** Shorter ones stand in any file by chance. */
const shortest = 8

export function rememberLogin({ user, password }: { user: string; password: string }): void {
  names.add(user)
  rememberSecret(password)
}

/** A text that a test sends in the place of a name. */
export const rememberName = (text: string) => names.add(text)

export function rememberSecret(text: string): void {
  if (text.length >= shortest) secrets.add(text)
}

/** What a command was given on standard input, and the TOTP secret in what it answered. */
export function rememberCommand(input: string, json: unknown): void {
  rememberSecret(input.trimEnd())
  const otpauth: unknown = (json as { otpauth?: unknown } | undefined)?.otpauth
  if (typeof otpauth === 'string') rememberSecret(new URL(otpauth).searchParams.get('secret') ?? '')
}

/** @throws an Error that says where secrets were found, not which */
export function expectNoLeak(folder: string, texts: Record<string, string>): void {
  const places = { ...readFolder(folder), ...texts }
  const sought = [...secrets]
    .filter(text => !names.has(text))
    .map(text => Buffer.from(text).toString('latin1'))
  const leaks = Object.keys(places).filter(place => sought.some(secret => places[place]!.includes(secret)))
  if (leaks.length > 0) throw new Error(`a password, code or secret stands in ${leaks.join(', ')}`)
}

/** All files but the one that is there to hold a secret; one character per byte. */
function readFolder(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(file => !file.endsWith('secret.key') && statSync(file).isFile())
  return Object.fromEntries(files.map(file => [file, readFileSync(file, 'latin1')]))
}

/** What a gateway keeps on servers, one character per byte. @param places its DATABASE_URL and REDIS_URL, if it has any */
export async function readServers(places: Record<string, string>): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  if (places.DATABASE_URL) found['its database'] = dumpDatabase(new URL(places.DATABASE_URL))
  if (places.REDIS_URL)
    found['its hot state'] = await dumpRedis(places.REDIS_URL, places.MAILGATEWAY_REDIS_PREFIX ?? '')
  return found
}

function dumpDatabase({ hostname, port, username, password, pathname }: URL): string {
  const login = ['-h', hostname, '-P', port, '-u', username, `-p${password}`]
  const what = ['--no-create-info', '--skip-lock-tables', '--single-transaction', pathname.slice(1)]
  const options = { encoding: 'latin1', maxBuffer: 1e9, stdio: 'pipe' } as const
  return execFileSync('/usr/bin/mariadb-dump', ['--no-defaults', ...login, ...what], options)
}
