/** Ids of requests and rows: UUIDv7 (RFC 9562), so they sort by time, and within a millisecond by their order here. */
import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

const idBytes = 16
/** Random bytes for many ids at once: the library asks the system for each, which every login would wait for. */
const pool = new Uint8Array(256 * idBytes)
let used = pool.length

let msecs = 0
let seq = 0

export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const random = pool.subarray(used, used + idBytes)
  used += idBytes
  const now = Date.now()
  if (now > msecs) {
    msecs = now
    // 31 bits of those that the id itself does not use: room for two thousand million more in this millisecond.
    seq = ((random[6]! & 0x7f) << 24) | (random[7]! << 16) | (random[8]! << 8) | random[9]!
  } else {
    seq += 1
  }
  return v7({ random, msecs, seq })
}
