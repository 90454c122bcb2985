/** Rows of the auth log that wait on the disk for the database. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { asideName, type SpoolState } from '../../lib/audit/spool.ts'
import { fail, type Note, ok, warn } from './finding.ts'

/** From here on somebody should hurry. */
const nearlyFull = 0.7

/** @param spool of the running gateway; null when there is none, or it has no spool */
export function checkSpool(spool: SpoolState | null, folder: string): Note[] {
  return [...(spool === null ? [] : [describe(spool)]), ...describeAside(join(folder, asideName))]
}

function describe({ rows, bytes, mostBytes }: SpoolState): Note {
  if (rows === 0) return ok('nothing waits in it')
  const found = `${rows} rows of the auth log wait in it, ${Math.round((100 * bytes) / mostBytes)} % of log.spool_max`
  return bytes < nearlyFull * mostBytes
    ? warn(found, 'bring the database back: they go there by themselves')
    : fail(
        found,
        'bring the database back before it is full: then nobody logs in; log.spool_max allows for more',
      )
}

function describeAside(file: string): Note[] {
  if (!existsSync(file)) return []
  const found = `${file} has lines that a crash cut off, or that the database did not take`
  return [warn(found, 'read them, and move the file away')]
}
