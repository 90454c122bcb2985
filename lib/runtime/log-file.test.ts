import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLog } from './log.ts'
import { type LogFile, openLogFile } from './log-file.ts'

let folder: string
let path: string
let file: LogFile | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-log-'))
  path = join(folder, 'logs', 'app.log')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await file?.close()
  file = undefined
  rmSync(folder, { recursive: true })
})

const plenty = { max_size: 1024 * 1024, max_age: 3_600_000, max_files: 10_000 }
const open = async (rotation = {}, at = path) => {
  file = await openLogFile(at, { ...plenty, ...rotation }, 'log.file_path')
  return file
}
const close = async () => {
  await file?.close()
  file = undefined
}

/** Old ones first, the one that is written last. */
const filesOf = (at = path) => {
  const names = readdirSync(join(at, '..')).filter(name => name.startsWith('app.log'))
  return [...names.filter(name => name !== 'app.log').toSorted(), 'app.log'].map(name => join(at, '..', name))
}
const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1)

test('turned over under load, no line is lost, doubled, cut or out of order, and no file is too big', async () => {
  await open({ max_size: 1_000 })
  const log = createLog('info', file!)
  const count = 10_000
  for (let i = 0; i < count; i++) {
    log.info({ i, user: '用户@例子.cn' }, 'line')
    if (i % 50 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  await close()
  const files = filesOf()
  const seen = files.flatMap(linesOf).map(line => JSON.parse(line).i)
  expect(seen).toEqual(Array.from({ length: count }, (_, i) => i))
  expect(files.length).toBeGreaterThan(500)
  expect(Math.max(...files.map(each => statSync(each).size))).toBeLessThanOrEqual(1_000)
  console.log(`${count} lines in ${files.length} files`)
})

test('a line that is longer than a file may be has one of its own', async () => {
  await open({ max_size: 100 })
  for (const line of ['short', 'x'.repeat(500), 'short too']) file!.write(`${line}\n`)
  await close()
  expect(filesOf().map(each => statSync(each).size)).toEqual([6, 501, 10])
})

test('only so many old files are kept, and nothing else is touched', async () => {
  await open({ max_size: 10, max_files: 3 })
  const beside = ['app.log.1', 'app.log.gz', 'app.login.20261124T150001.123Z'].map(name =>
    join(folder, 'logs', name),
  )
  for (const each of beside) writeFileSync(each, 'mine')
  for (let i = 0; i < 20; i++) file!.write(`line ${i}\n`)
  await close()
  expect(filesOf().filter(each => !beside.includes(each))).toHaveLength(4)
  expect(linesOf(path)).toEqual(['line 19'])
  for (const each of beside) expect(readFileSync(each, 'utf8')).toBe('mine')
})

test('an old file is turned over with the next line, also after a restart', async () => {
  await open()
  file!.write('today\n')
  await close()
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + plenty.max_age)
  await open()
  file!.write('tomorrow\n')
  file!.write('and more\n')
  await close()
  expect(filesOf().map(linesOf)).toEqual([['today'], ['tomorrow', 'and more']])
})

test('its group may read it, others may not', async () => {
  const before = process.umask(0o022)
  await open({ max_size: 1 })
  file!.write('a\n')
  file!.write('b\n')
  await close()
  process.umask(before)
  expect(filesOf().map(each => statSync(each).mode & 0o777)).toEqual([0o640, 0o640])
})

test('moved away by somebody else, it goes on in the moved file until it is told to reopen', async () => {
  await open()
  const lines: string[] = []
  for (let i = 0; i < 3_000; i++) {
    lines.push(`line ${i}`)
    file!.write(`line ${i}\n`)
    if (i === 1_000) {
      await vi.waitUntil(() => linesOf(path).length > 1_000)
      renameSync(path, `${path}.moved`)
    }
    if (i === 2_000) file!.reopen()
  }
  await close()
  const [moved, current] = [linesOf(`${path}.moved`), linesOf(path)]
  expect([...moved, ...current]).toEqual(lines)
  expect(moved.length).toBeGreaterThan(1_000)
  expect(current.length).toBeGreaterThan(0)
})

test('moved away when it is due to be turned over, a new one begins all the same', async () => {
  await open({ max_size: 8 })
  file!.write('first\n')
  await vi.waitUntil(() => statSync(path).size > 0)
  renameSync(path, `${path}.moved`)
  file!.write('second\n')
  await close()
  expect([linesOf(`${path}.moved`), linesOf(path)]).toEqual([['first'], ['second']])
})

test('a full disk throws nothing, is told once, and what waits is written when there is room', async () => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const link = join(folder, 'app.log')
  symlinkSync('/dev/full', link)
  await open({}, link)
  for (let i = 0; i < 1_000; i++) {
    file!.write(`line ${i}\n`)
    if (i % 100 === 0) await new Promise(resolve => setTimeout(resolve, 1))
  }
  rmSync(link)
  file!.reopen()
  file!.write('room again\n')
  await close()
  expect(told.mock.calls).toEqual([
    [`mailgateway: cannot write the log ${link}: ENOSPC: no space left on device, write\n`],
  ])
  const lines = Array.from({ length: 1_000 }, (_, i) => `line ${i}`)
  expect(linesOf(link)).toEqual([...lines, 'room again'])
})

test('what waits in memory is bounded', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const link = join(folder, 'app.log')
  symlinkSync('/dev/full', link)
  await open({ max_size: 100 * 1024 * 1024 }, link)
  const mebibyte = `${'x'.repeat(1024 * 1024 - 1)}\n`
  for (let i = 0; i < 10; i++) file!.write(mebibyte)
  rmSync(link)
  file!.reopen()
  await close()
  // Those that wait, and the one that could not be written.
  expect(statSync(link).size).toBe(5 * 1024 * 1024)
})

test('a file that cannot be written is one line that names the setting', async () => {
  await expect(open({}, join('/dev/null', 'app.log'))).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringMatching(
      /^log\.file_path: cannot write to \/dev\/null\/app\.log \([A-Z]+\); name a file that this user may write$/,
    ),
  })
})
