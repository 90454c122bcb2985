/** The application log: one JSON object per line. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination, type Logger, pino, stdTimeFunctions } from 'pino'

/** @param filePath '' = standard output */
export function createLog({ level, file_path: filePath }: { level: string; file_path: string }): Logger {
  if (filePath !== '') mkdirSync(dirname(filePath), { recursive: true })
  const target = destination(filePath === '' ? { sync: true } : { dest: filePath, sync: true, mode: 0o640 })
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, target)
}
