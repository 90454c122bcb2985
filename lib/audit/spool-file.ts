/** One file of the spool: rows of the auth log, one JSON text a line, on the disk before anybody is told. */
import { type FileHandle, open } from 'node:fs/promises'
import type { AuthLogRow } from '../database/schema.ts'

export interface SpoolFile {
  /** Resolves when the rows are on the disk. @throws the disk's error; then none of them is in the file */
  append(rows: AuthLogRow[]): Promise<void>
  /** The oldest rows that are still to be brought away; null = none. The file keeps them until `done`. */
  next(): Promise<SpoolBatch | null>
  /** Lines that are still to be brought away. */
  rows(): number
  /** What the file takes on the disk. */
  bytes(): number
  close(): Promise<void>
}

export interface SpoolBatch {
  rows: AuthLogRow[]
  /** Lines that are no rows: the end of a write that a crash or power failure has cut off. */
  torn: string[]
  /** They are elsewhere now. */
  done(): Promise<void>
}

/** Several hundred rows of some 350 bytes; no row is as long. */
const chunkBytes = 128 * 1024
const newline = 0x0a

/** @param path made if it is not there, readable by its owner only; the caller has it to himself */
export async function openSpoolFile(path: string): Promise<SpoolFile> {
  const handle = await open(path, 'a+', 0o600)
  let { size } = await handle.stat()
  let rows = await countLines(handle, size)
  /** How far the rows have been brought away. */
  let passed = 0
  /** Whether something may stand behind `size`, of a write that failed. */
  let soiled = false
  let last: Promise<unknown> = Promise.resolve()

  /** An append and the end of a batch change the length: one after the other. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work)
    last = mine
    return mine
  }

  const write = async (text: Buffer, count: number) => {
    if (soiled) await handle.truncate(size)
    soiled = true
    try {
      await handle.appendFile(text)
      await handle.datasync()
    } catch (error) {
      // The next append, and whoever reads, must not find a part of it.
      await handle.truncate(size).then(
        () => {
          soiled = false
        },
        () => {},
      )
      throw error
    }
    soiled = false
    size += text.length
    rows += count
  }

  const forget = async (end: number, count: number) => {
    passed = end
    rows -= count
    if (passed < size) return
    await handle.truncate(0)
    size = 0
    passed = 0
    rows = 0
  }

  return {
    append: added =>
      alone(() => write(Buffer.from(added.map(row => `${JSON.stringify(row)}\n`).join('')), added.length)),
    async next() {
      const chunk = await readChunk(handle, passed, size)
      if (chunk.length === 0) return null
      const end = chunk.lastIndexOf(newline) + 1 || chunk.length
      const lines = chunk
        .toString('utf8', 0, end)
        .split('\n')
        .filter(line => line !== '')
      const parsed = lines.map(line => ({ line, row: parseRow(line) }))
      const from = passed
      return {
        rows: parsed.flatMap(({ row }) => row ?? []),
        torn: parsed.filter(({ row }) => row === null).map(({ line }) => line),
        done: () => alone(() => forget(from + end, lines.length)),
      }
    },
    rows: () => rows,
    bytes: () => size,
    close: () => alone(() => handle.close()),
  }
}

async function readChunk(handle: FileHandle, from: number, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.min(chunkBytes, size - from))
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from)
  return buffer.subarray(0, bytesRead)
}

async function countLines(handle: FileHandle, size: number): Promise<number> {
  let count = 0
  let lastByte = newline
  for (let from = 0; from < size; ) {
    const chunk = await readChunk(handle, from, size)
    if (chunk.length === 0) break
    for (const byte of chunk) if (byte === newline) count += 1
    lastByte = chunk.at(-1)!
    from += chunk.length
  }
  return lastByte === newline ? count : count + 1
}

/** What was written is ours, so a text that can be read is a row. */
function parseRow(line: string): AuthLogRow | null {
  try {
    return JSON.parse(line) as AuthLogRow
  } catch {
    return null
  }
}
