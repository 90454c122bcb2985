/** The control socket of a running gateway: the command line's verbs, for whoever may open the file (mode 0600). */
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import { Refusal } from '../../lib/refusal.ts'
import { ConfigError } from '../../lib/runtime/config-error.ts'
import { listen } from '../../lib/runtime/listen.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { type VerbName, type VerbResult, verbs } from './verbs.ts'

interface Call {
  verb: string
  input: unknown
}

type Reply =
  | { result: unknown }
  | { refusal: { code: Refusal['code']; field: string; message: string } }
  | { error: string }

/**
 * Starts answering on the socket. The caller holds the lock of the data folder, so a file that is left here belongs to
 * a gateway that is gone.
 */
export async function openControl(services: Services, file: string): Promise<Server> {
  const server = createServer(async (incoming, outgoing) => {
    outgoing.setHeader('Content-Type', 'application/json')
    outgoing.end(JSON.stringify(await perform(services, incoming)))
  })
  await listen(server, { host: `unix:${file}`, port: 0, mode: 0o600, setting: 'MAILGATEWAY_DATA_DIR' })
  return server
}

async function perform(services: Services, incoming: IncomingMessage): Promise<Reply> {
  try {
    const { verb, input } = (await json(incoming)) as Call
    return { result: (await runVerb(services, verb as VerbName, input)) ?? null }
  } catch (error) {
    if (error instanceof Refusal) {
      const { code, field, message } = error
      return { refusal: { code, field, message } }
    }
    services.log.error({ err: error }, 'command failed')
    return { error: (error as Error).message }
  }
}

/** @throws Refusal, or the error of a part that failed */
export async function runVerb<Name extends VerbName>(
  services: Services,
  verb: Name,
  input: unknown,
): Promise<VerbResult<Name>> {
  if (!Object.hasOwn(verbs, verb))
    throw new Refusal('invalid', 'verb', 'this gateway does not know that command; is it older?')
  return (await verbs[verb](services, input)) as VerbResult<Name>
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
): Promise<{ result: unknown } | null> {
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
