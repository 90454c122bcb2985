/** The application log: one JSON object per line. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination, type Logger, pino, stdTimeFunctions } from 'pino'

/** What may wait in memory when whoever reads the log is slow; the newest lines beyond it are dropped. */
const longestBacklog = 4 * 1024 * 1024

/**
 * Writes beside the event loop, and never fails its caller: neither a full disk nor a reader that has stalled may stop
 * logins. What could not be written is lost, and said so once on standard error.
 * @param filePath '' = standard output
 */
export function createLog({ level, file_path: filePath }: { level: string; file_path: string }): Logger {
  if (filePath !== '') mkdirSync(dirname(filePath), { recursive: true })
  const place = filePath === '' ? { dest: 1 } : { dest: filePath, mode: 0o640 }
  const target = destination({ ...place, sync: false, maxLength: longestBacklog })
  target.once('error', (error: Error) => {
    process.stderr.write(`mailgateway: cannot write the log: ${error.message}\n`)
    target.on('error', discard)
  })
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, target)
}

/** The first failure has been told; an `error` event without a listener would end the process. */
const discard = () => undefined
