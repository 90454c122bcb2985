/** The files of the spool: what a full disk, a crash and other processes leave of them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuthLogRow } from '../database/schema.ts'
import { openSpool, type Spool } from './spool.ts'
import { SpoolFull } from './spool-full.ts'

let folder: string
let open: Spool[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-spool-'))
  open = []
})
afterEach(async () => {
  for (const spool of open) await spool.close()
  rmSync(folder, { recursive: true })
})

function openIt(mostBytes = 1024 ** 2): Spool {
  const spool = openSpool(folder, mostBytes)
  open.push(spool)
  return spool
}

const rowsOf = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ request_id: `row-${from + i}`, user: 'jöe' }) as AuthLogRow)

/** Everything that waits, as it comes; nothing waits afterwards. */
async function drain(spool: Spool) {
  const ids: string[] = []
  const torn: string[] = []
  for (let batch = await spool.next(); batch !== null; batch = await spool.next()) {
    ids.push(...batch.rows.map(row => row.request_id))
    torn.push(...batch.torn)
    await batch.done()
  }
  return { ids, torn }
}

const idsOf = (from: number, to: number) => rowsOf(from, to).map(row => row.request_id)
const files = () => readdirSync(folder).filter(name => name.endsWith('.jsonl'))

/** Another process writes these rows to the folder and is killed. */
async function writeAndDie(from: number, to: number): Promise<void> {
  const script = `
    const { openSpool } = await import(${JSON.stringify(new URL('./spool.ts', import.meta.url).href)})
    const rows = Array.from({ length: ${to - from} }, (_, i) => ({ request_id: 'row-' + (${from} + i) }))
    await openSpool(${JSON.stringify(folder)}, 1e9).append(rows)
    console.log('written')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
}

test('rows come back in their order, each once, and leave nothing behind', async () => {
  const spool = openIt()
  await Promise.all([spool.append(rowsOf(0, 500)), spool.append(rowsOf(500, 3_000))])
  expect(spool.state()).toMatchObject({ rows: 3_000 })
  expect(await drain(spool)).toEqual({ ids: idsOf(0, 3_000), torn: [] })
  expect(spool.state()).toMatchObject({ rows: 0, bytes: 0 })
  await spool.append(rowsOf(3_000, 3_001))
  expect(await drain(spool)).toEqual({ ids: idsOf(3_000, 3_001), torn: [] })
  await spool.close()
  expect(readdirSync(folder)).toEqual([])
})

test('only its owner can read it', async () => {
  await openIt().append(rowsOf(0, 1))
  expect(statSync(join(folder, files()[0]!)).mode & 0o777).toBe(0o600)
})

test('a batch that was not brought away comes again', async () => {
  const spool = openIt()
  await spool.append(rowsOf(0, 2))
  expect((await spool.next())?.rows).toHaveLength(2)
  expect(await drain(spool)).toEqual({ ids: idsOf(0, 2), torn: [] })
})

test('when it is full it takes nothing, and again when there is room', async () => {
  const spool = openIt(1_000)
  await spool.append(rowsOf(0, 100))
  await expect(spool.append(rowsOf(100, 101))).rejects.toThrow(SpoolFull)
  expect(await drain(spool)).toEqual({ ids: idsOf(0, 100), torn: [] })
  await spool.append(rowsOf(101, 102))
  expect(spool.state().rows).toBe(1)
})

test('what a killed process has left is taken over by one other, its cut off line set apart', async () => {
  await writeAndDie(0, 1_000)
  appendFileSync(join(folder, files()[0]!), '{"request_id":"half of')
  const [first, second] = [openIt(), openIt()]
  await first.adopt()
  await second.adopt()
  expect([first.state().rows, second.state().rows]).toEqual([1_001, 0])
  await first.append(rowsOf(1_000, 1_001))
  expect(await drain(first)).toEqual({ ids: idsOf(0, 1_001), torn: ['{"request_id":"half of'] })
  expect(await drain(second)).toEqual({ ids: [], torn: [] })
  expect(files()).toHaveLength(1)
})

test('a file is taken over when its process ends, not while it lives', async () => {
  const [living, other] = [openIt(), openIt()]
  await living.append(rowsOf(0, 3))
  await other.adopt()
  expect(other.state().rows).toBe(0)
  await living.close()
  await other.adopt()
  expect(await drain(other)).toEqual({ ids: idsOf(0, 3), torn: [] })
})

test('lines that nobody takes are kept for people', async () => {
  const spool = openIt()
  await spool.setAside(['{"half'])
  await spool.setAside(['of it'])
  expect(readFileSync(join(folder, 'set-aside.txt'), 'utf8')).toBe('{"half\nof it\n')
  expect(statSync(join(folder, 'set-aside.txt')).mode & 0o777).toBe(0o600)
  expect(existsSync(folder)).toBe(true)
})
