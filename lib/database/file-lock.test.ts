import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeFileLock } from './file-lock.ts'

let folder: string
let file: string
let holder: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-lock-'))
  file = join(folder, 'gateway.lock')
})
afterEach(async () => {
  if (holder && holder.exitCode === null && holder.signalCode === null) await kill(holder)
  holder = undefined
  rmSync(folder, { recursive: true })
})

/** Another process that has the lock when this resolves, and keeps it. */
async function startHolder(): Promise<ChildProcess> {
  const module = JSON.stringify(new URL('./file-lock.ts', import.meta.url).href)
  const program = `
    const { takeFileLock } = await import(${module})
    const lock = takeFileLock(${JSON.stringify(file)}, 0)
    process.stdout.write(lock ? 'taken' : 'refused')
    process.stdin.on('data', () => lock.release()).resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  holder = child
  const [answer] = await once(child.stdout!, 'data')
  expect(String(answer)).toBe('taken')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

test('the second holder in another process gets null, and the lock when the first releases it', async () => {
  const child = await startHolder()
  expect(takeFileLock(file, 0)).toBeNull()
  child.stdin!.write('release')
  const lock = takeFileLock(file, 10_000)
  expect(lock).not.toBeNull()
  lock!.release()
})

test('a process that is killed leaves no lock behind', async () => {
  const child = await startHolder()
  expect(takeFileLock(file, 0)).toBeNull()
  await kill(child)
  const lock = takeFileLock(file, 0)
  expect(lock).not.toBeNull()
  lock!.release()
})

test('the second holder in the same process gets null too', () => {
  const first = takeFileLock(file, 0)
  expect(first).not.toBeNull()
  expect(takeFileLock(file, 0)).toBeNull()
  first!.release()
  const second = takeFileLock(file, 0)
  expect(second).not.toBeNull()
  second!.release()
})

test('a place that cannot hold a lock is an error, not somebody else', () => {
  expect(() => takeFileLock(join(folder, 'missing', 'gateway.lock'), 0)).toThrow()
})
