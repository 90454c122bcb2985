/** SQLite's write-ahead log, read as bytes (sqlite.org/fileformat2.html, section 4.1): what was committed, from no counter of ours. */
import { readFileSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24

export interface WalState {
  /** Changes when SQLite starts the log from its beginning again; then counts cannot be compared. */
  salt: string
  /** Transactions that have their last frame in the log. */
  commits: number
}

export function readWal(file: string): WalState {
  const bytes = readFileSync(file)
  const pageSize = bytes.readUInt32BE(8)
  const salt = bytes.toString('hex', 16, 24)
  const step = frameHeaderBytes + pageSize
  let commits = 0
  for (let at = headerBytes; at + step <= bytes.length; at += step) {
    // A frame with another salt is left over from before the log was started again, and so is all behind it.
    if (bytes.toString('hex', at + 8, at + 16) !== salt) break
    // Only a commit's last frame tells the size of the database.
    if (bytes.readUInt32BE(at + 4) !== 0) commits += 1
  }
  return { salt, commits }
}
