/** The command line's side of the control socket. It knows no service, so that a command starts quickly. */
import { request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { Refusal } from '../../lib/refusal.ts'
import { ConfigError } from '../../lib/runtime/config-error.ts'
import type { VerbName } from './verbs.ts'

export interface Call {
  verb: string
  input: unknown
}

export type Reply =
  | { result: unknown; notice?: string }
  | { refusal: { code: Refusal['code']; field: string; message: string } }
  | { error: string }

/** The kernel has room for 107 bytes (sun_path, unix(7)). */
const longestSocketPath = 107

/** @throws ConfigError when the folder's path is too long for a socket in it */
export function controlFile(dataDir: string): string {
  const file = join(dataDir, 'control.sock')
  if (Buffer.byteLength(file) <= longestSocketPath) return file
  const most = longestSocketPath - '/control.sock'.length
  throw new ConfigError(`MAILGATEWAY_DATA_DIR: the path ${dataDir} is too long; use at most ${most} bytes`)
}

/**
 * Asks the running gateway.
 * @returns null when none is running
 * @throws Refusal, ConfigError when this user may not ask it, or an Error with the gateway's message
 */
export async function askGateway(
  file: string,
  verb: VerbName,
  input: unknown,
): Promise<{ result: unknown; notice?: string } | null> {
  const reply = await post(file, { verb, input })
  if (reply === null || 'result' in reply) return reply
  if ('refusal' in reply) throw new Refusal(reply.refusal.code, reply.refusal.field, reply.refusal.message)
  throw new Error(reply.error)
}

/** ENOTDIR: the data folder is no folder, which whoever opens it reports better. */
const nobodyListens = new Set<string | undefined>(['ENOENT', 'ECONNREFUSED', 'ENOTDIR'])

const notAllowed = (file: string, cause: Error) =>
  new ConfigError(
    `MAILGATEWAY_DATA_DIR: this user may not use ${file}; run the command as the user who runs the gateway`,
    { cause },
  )

async function post(socketPath: string, call: Call): Promise<Reply | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply | null>()
  const outgoing = request({ socketPath, method: 'POST' }, incoming => {
    json(incoming).then(reply => resolve(reply as Reply), reject)
  })
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (nobodyListens.has(error.code)) resolve(null)
    else if (error.code === 'EACCES') reject(notAllowed(socketPath, error))
    else reject(error)
  })
  outgoing.end(JSON.stringify(call))
  return promise
}
