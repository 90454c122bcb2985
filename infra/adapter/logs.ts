/** The two logs of a gateway: where their lines go, also those of workers. */
import type { Readable } from 'node:stream'
import type { Logger } from 'pino'
import type { Config } from '../../lib/runtime/config.ts'
import { openOutput } from '../../lib/runtime/log.ts'
import { type LogFile, openLogFile } from '../../lib/runtime/log-file.ts'
import type { Settings } from '../../lib/settings/definitions.ts'

/** Takes whole lines; it neither throws nor waits. */
export interface Lines {
  write(text: string): void
}

export interface Logs {
  app: Lines
  /** Undefined = refused attempts are not written down. */
  fail: Lines | undefined
  /** Resolves when all is written that can be. */
  close(): Promise<void>
}

/** Where a worker finds the pipe for refused attempts; its application log is its standard output. */
export const failLogDescriptor = 4

/**
 * The files of the settings, or standard output. One process owns them, or two would turn one file over.
 * @throws ConfigError, one line
 */
export async function openLogs({ log: settings }: Settings): Promise<Logs> {
  const files: LogFile[] = []
  const open = async (path: string, setting: string) => {
    if (path === '') return undefined
    const file = await openLogFile(path, settings, setting)
    files.push(file)
    return file
  }
  const app = (await open(settings.file_path, 'log.file_path')) ?? openOutput(1)
  const fail = await open(settings.auth_fail_path, 'log.auth_fail_path')
  // logrotate and the like send it when they have moved a file away. Without files, a closed terminal does: the end.
  if (files.length > 0) process.on('SIGHUP', () => files.map(file => file.reopen()))
  return {
    app,
    fail,
    async close() {
      for (const file of files) await file.close()
    },
  }
}

/** Those of a worker: pipes to the process that owns the files, which are its business alone. */
export function openWorkerLogs({ log: settings }: Settings): Pick<Logs, 'app' | 'fail'> {
  process.on('SIGHUP', () => {})
  const fail = settings.auth_fail_path === '' ? undefined : openOutput(failLogDescriptor)
  return { app: openOutput(1), fail }
}

const lineEnd = 0x0a

/** Whole lines of a pipe, so that none of another pipe comes between; what was begun and never ended is dropped. */
export function passLines(from: Readable, to: Lines | undefined): void {
  let rest: Buffer = Buffer.alloc(0)
  from.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(lineEnd) + 1
    if (end > 0) to?.write(Buffer.concat([rest, chunk.subarray(0, end)]).toString())
    rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk])
  })
}

export function sayWhereItListens(log: Logger, { auth_server, server }: Config['settings']): void {
  log.info({ plane: 'nginx', host: auth_server.host, port: auth_server.port }, 'listening')
  log.info({ plane: 'admin', host: server.host, port: server.port }, 'listening')
}
