/**
 * Every password, code and secret that a test uses is remembered here, and each gateway's files, output and metrics are
 * searched for all of them when it stops.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

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
