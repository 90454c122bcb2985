import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deriveKey } from './derive-key.ts'
import { loadMasterSecrets } from './secrets.ts'

let folder: string
const file = () => join(folder, 'secret.key')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('made once with 256 bits, for its owner only, and read again', () => {
  const [secret] = loadMasterSecrets([], folder)
  expect(Buffer.from(secret!, 'base64url')).toHaveLength(32)
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  const content = readFileSync(file(), 'utf8')
  expect(loadMasterSecrets([], folder)).toEqual([secret])
  expect(readFileSync(file(), 'utf8')).toBe(content)
})

test('each folder has its own', () => {
  const [secret] = loadMasterSecrets([], folder)
  rmSync(file())
  expect(loadMasterSecrets([], folder)).not.toEqual([secret])
})

test('a configured one goes first and makes no file; of several the newest', () => {
  const [newest, old] = ['n'.repeat(32), 'o'.repeat(32)]
  expect(loadMasterSecrets([newest, old], folder)).toEqual([newest, old])
  expect(() => statSync(file())).toThrow(/ENOENT/)
})

test.each(['', '\n', 'short\n', ' '.repeat(64)])('a file with %j is refused by name, and kept', content => {
  writeFileSync(file(), content)
  expect(() => loadMasterSecrets([], folder)).toThrow(
    `${file()} is damaged: it holds fewer than 32 characters; restore it or remove it`,
  )
  expect(readFileSync(file(), 'utf8')).toBe(content)
})

test('where others must have the same secret none is made', () => {
  expect(() => loadMasterSecrets([], folder, true)).toThrow(/^MAILGATEWAY_SECRET_KEY: all gateways/)
  expect(existsSync(file())).toBe(false)
  expect(loadMasterSecrets(['given'], folder, true)).toEqual(['given'])
})

test('a folder that cannot be written is an error', () => {
  expect(() => loadMasterSecrets([], join(folder, 'missing'))).toThrow(/ENOENT/)
})

test('the derived key: the same for one secret, another for another, never the secret itself', () => {
  const digest = (secret: string) =>
    createHmac('sha256', deriveKey(secret, 'credential-cache')).update('x').digest('hex')
  const [one, two] = ['1'.repeat(32), '2'.repeat(32)]
  expect(digest(one)).toBe(digest(one))
  expect(digest(one)).not.toBe(digest(two))
  expect(digest(one)).not.toBe(createHmac('sha256', one).update('x').digest('hex'))
  const key = deriveKey(one, 'credential-cache')
  expect(key).toMatchObject({ type: 'secret', symmetricKeySize: 32 })
})
