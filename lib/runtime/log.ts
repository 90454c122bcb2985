/** The application log: one JSON object per line. */
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino'
import type { LiveSettings } from '../live-settings/live.ts'
import type { Settings } from '../settings/definitions.ts'

/** What may wait in memory when whoever reads the log is slow; the newest lines beyond it are dropped. */
const longestBacklog = 4 * 1024 * 1024

/** @param target takes lines; it neither throws nor waits. Default: standard output */
export function createLog(level: string, target: DestinationStream = openOutput(1)): Logger {
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, target)
}

/** From now on the log has the level that is in force. */
export function obeyLogLevel({ log, settings, liveSettings }: ObeyServices): void {
  liveSettings.watch(() => {
    log.level = settings.log.level
  })
}

interface ObeyServices {
  log: Logger
  settings: Pick<Settings, 'log'>
  liveSettings: Pick<LiveSettings, 'watch'>
}

/**
 * Writes beside the event loop, and never fails its caller: neither a full disk nor a reader that has stalled may stop
 * logins. What could not be written is lost, and said so once on standard error.
 * @param descriptor of a pipe, a terminal or a file; 1 = standard output
 */
export function openOutput(descriptor: number): DestinationStream {
  const target = destination({ dest: descriptor, sync: false, maxLength: longestBacklog })
  target.once('error', (error: Error) => {
    process.stderr.write(`mailgateway: cannot write the log: ${error.message}\n`)
    target.on('error', discard)
  })
  return target
}

/** The first failure has been told; an `error` event without a listener would end the process. */
const discard = () => undefined
