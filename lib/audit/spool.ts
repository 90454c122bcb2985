/**
 * Rows of the auth log on the disk of this machine, while the database is away. Several processes may share the folder:
 * each writes a file of its own, under a lock that ends with it, and takes over the files of those that are gone.
 */
import { mkdirSync } from 'node:fs'
import { appendFile, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileLock, takeFileLock } from '../database/file-lock.ts'
import type { AuthLogRow } from '../database/schema.ts'
import { newId } from '../id.ts'
import { openSpoolFile, type SpoolBatch, type SpoolFile } from './spool-file.ts'
import { SpoolFull } from './spool-full.ts'

export interface Spool {
  /**
   * Resolves when the rows are on the disk.
   * @throws SpoolFull, or the error of the disk; then none of them is kept
   */
  append(rows: AuthLogRow[]): Promise<void>
  /** The oldest rows that wait, those of processes that are gone first; null = none wait. */
  next(): Promise<SpoolBatch | null>
  /** Keeps lines that no database takes, for people to look at. */
  setAside(lines: string[]): Promise<void>
  /** Takes over what processes that are gone have left. */
  adopt(): Promise<void>
  /** Rows that wait, and what they take on the disk; of this process and those whose files it has taken over. */
  state(): SpoolState
  /** Leaves what still waits to the next process. */
  close(): Promise<void>
}

export interface SpoolState {
  rows: number
  bytes: number
  /** Where no further row is taken. */
  mostBytes: number
}

interface Held {
  path: string
  file: SpoolFile
  lock: FileLock
}

const fileName = /^[\da-f-]{36}\.jsonl$/
/** Lines that were no rows, or that the database refused. */
export const asideName = 'set-aside.txt'

/**
 * @param folder made if it is not there, for its owner only
 * @param mostBytes a row takes some 350
 */
export function openSpool(folder: string, mostBytes: number): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  let own: Held | null = null
  let beginning: Promise<void> | null = null
  /** The oldest first. */
  let adopted: Held[] = []

  const all = () => (own === null ? adopted : [...adopted, own])
  const sum = (read: (file: SpoolFile) => number) => all().reduce((total, { file }) => total + read(file), 0)

  const hold = async (path: string, lock: FileLock): Promise<Held> => {
    try {
      return { path, lock, file: await openSpoolFile(path) }
    } catch (error) {
      lock.release()
      throw error
    }
  }

  const begin = async () => {
    const path = join(folder, `${newId()}.jsonl`)
    // Before the file is there: whoever finds it must find it taken.
    const held = await hold(path, takeFileLock(lockOf(path), 0)!)
    try {
      await syncFolder(folder)
    } catch (error) {
      await leave(held)
      throw error
    }
    own = held
  }

  const leave = async ({ path, file, lock }: Held) => {
    const isEmpty = file.rows() === 0
    await file.close()
    if (isEmpty) await rm(path, { force: true })
    lock.release()
    if (isEmpty) await rm(lockOf(path), { force: true })
  }

  const leaveEmpty = async () => {
    const empty = adopted.filter(({ file }) => file.rows() === 0)
    adopted = adopted.filter(({ file }) => file.rows() > 0)
    for (const held of empty) await leave(held)
  }

  const adoptFile = async (path: string) => {
    const lock = takeFileLock(lockOf(path), 0)
    if (lock === null) return
    // Its owner, or another heir, may just have ended.
    if (await isThere(path)) adopted.push(await hold(path, lock))
    else {
      lock.release()
      await rm(lockOf(path), { force: true })
    }
  }

  return {
    async append(rows) {
      if (sum(file => file.bytes()) >= mostBytes)
        throw new SpoolFull(`the spool in ${folder} is full (log.spool_max)`)
      beginning ??= begin()
      await beginning.catch(error => {
        beginning = null
        throw error
      })
      await own!.file.append(rows)
    },
    async next() {
      const batch = (await (adopted[0] ?? own)?.file.next()) ?? null
      if (batch === null) return null
      return {
        ...batch,
        async done() {
          await batch.done()
          await leaveEmpty()
        },
      }
    },
    setAside: lines =>
      appendFile(join(folder, asideName), lines.map(line => `${line}\n`).join(''), { mode: 0o600 }),
    async adopt() {
      const names = (await readdir(folder)).filter(name => fileName.test(name)).sort()
      const known = new Set(all().map(({ path }) => path))
      for (const path of names.map(name => join(folder, name))) if (!known.has(path)) await adoptFile(path)
      await leaveEmpty()
    },
    state: () => ({ rows: sum(file => file.rows()), bytes: sum(file => file.bytes()), mostBytes }),
    async close() {
      for (const held of all()) await leave(held)
      own = null
      beginning = null
      adopted = []
    },
  }
}

const lockOf = (path: string) => `${path}.lock`

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** A new file is found after a power failure only when its folder is on the disk too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
