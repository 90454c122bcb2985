/**
 * A log file that begins anew when it is too big or too old. Writing and turning over are steps of one loop, so no line
 * can fall between two files or be cut by them.
 */
import { writeSync } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError } from './config-error.ts'
import { keepNewest, putAside } from './old-log-files.ts'

export interface LogFile {
  /**
   * Takes a text of whole lines. Never throws and waits for nothing: neither a full disk nor a slow one may stop logins.
   * What cannot be written waits in memory and is tried again with the next text.
   */
  write(text: string): void
  /** Goes on in a new file at the path, for whoever has moved the old one away. */
  reopen(): void
  /** Resolves when all is written that can be. */
  close(): Promise<void>
}

/** The settings log.max_*: bytes, milliseconds, and how many files are kept beside the one that is written. */
export interface Rotation {
  max_size: number
  max_age: number
  max_files: number
}

/** What may wait in memory while the disk is slow or full; the newest texts beyond it are dropped. */
const longestBacklog = 4 * 1024 * 1024
const mostPerWrite = 64 * 1024
/** For its owner, and for the group that reads logs. */
const mode = 0o640

/**
 * Opens the file for appending; its folder is made where it is missing.
 * @param setting what to change when that fails
 * @throws ConfigError, one line
 */
export async function openLogFile(path: string, rotation: Rotation, setting: string): Promise<LogFile> {
  let file = await openFile(path).catch(error => {
    throw new ConfigError(
      `${setting}: cannot write to ${path} (${error.code}); name a file that this user may write`,
      { cause: error },
    )
  })
  const waiting: Buffer[] = []
  let waitingBytes = 0
  /** What is being written, or could not be. */
  let chunk: Buffer = Buffer.alloc(0)
  let mustReopen = false
  let isWriting = false
  let writing = Promise.resolve()
  let isTold = false

  const tell = (error: Error) => {
    if (!isTold) process.stderr.write(`mailgateway: cannot write the log ${path}: ${error.message}\n`)
    isTold = true
  }

  const begin = async () => {
    mustReopen = false
    const next = await openFile(path)
    await file.handle.close()
    file = next
  }

  const turnOver = async () => {
    await putAside(path)
    await begin()
    await keepNewest(path, rotation.max_files)
  }

  const isDue = (bytes: number) =>
    file.size > 0 && (file.size + bytes > rotation.max_size || Date.now() >= file.bornAt + rotation.max_age)

  /** As many texts as fit in one write and in the file, but one at least. */
  const take = () => {
    let bytes = 0
    let count = 0
    for (const { length } of waiting) {
      const room = Math.min(mostPerWrite, rotation.max_size - file.size)
      if (count > 0 && bytes + length > room) break
      bytes += length
      count++
    }
    waitingBytes -= bytes
    return Buffer.concat(waiting.splice(0, count))
  }

  const writeAll = async () => {
    try {
      while (mustReopen || chunk.length > 0 || waiting.length > 0) {
        // Where nothing can be renamed or made, lines go on in the old file.
        if (mustReopen) await begin().catch(tell)
        if (chunk.length === 0 && waiting.length > 0) {
          if (isDue(waiting[0]!.length)) await turnOver().catch(tell)
          chunk = take()
        }
        while (chunk.length > 0) {
          const { bytesWritten } = await file.handle.write(chunk)
          file.size += bytesWritten
          chunk = chunk.subarray(bytesWritten)
        }
      }
    } catch (error) {
      tell(error as Error)
    }
    isWriting = false
    if (mustReopen) wake()
  }

  const wake = () => {
    if (isWriting) return
    isWriting = true
    writing = writeAll()
  }

  /** The last words of a process that ends in a hurry. */
  const writeNow = () => {
    try {
      writeSync(file.handle.fd, Buffer.concat(waiting))
    } catch (error) {
      tell(error as Error)
    }
  }
  process.on('exit', writeNow)

  return {
    write(text) {
      const bytes = Buffer.from(text)
      if (waitingBytes + bytes.length > longestBacklog) return
      waiting.push(bytes)
      waitingBytes += bytes.length
      wake()
    },
    reopen() {
      mustReopen = true
      wake()
    },
    async close() {
      while (isWriting) await writing
      process.off('exit', writeNow)
      await file.handle.close()
    },
  }
}

interface OpenFile {
  handle: FileHandle
  size: number
  bornAt: number
}

async function openFile(path: string): Promise<OpenFile> {
  await mkdir(dirname(path), { recursive: true })
  const handle = await open(path, 'a', mode)
  const { size, birthtimeMs } = await handle.stat()
  return { handle, size, bornAt: birthtimeMs }
}
