/** Asking the gateway behind a function URL: signed, in time, and once more where no answer comes back. */
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { createResolver } from '../../lib/backend/resolve.ts'
import { readFromGateway } from '../../lib/edge/answer.ts'
import type { Hold } from '../../lib/edge/hold.ts'
import { idHeader, type Line, sign, signatureHeader, timeHeader } from '../../lib/edge/sign.ts'
import { newId } from '../../lib/id.ts'
import { createConnections } from './connections.ts'

/** What became of a question; `refused`: the function does not take our proof. */
export const callResults = ['answered', 'slow', 'unreachable', 'refused', 'broken'] as const
export type CallResult = (typeof callResults)[number]

export class NoAnswer extends Error {
  override name = 'NoAnswer'
  readonly result: Exclude<CallResult, 'answered'>
  /** Whether it may help to ask again. */
  readonly again: boolean
  constructor(result: Exclude<CallResult, 'answered'>, message: string, again = true) {
    super(message)
    this.result = result
    this.again = again
  }
}

export interface CloudAnswer {
  /** Header lines for nginx, one latin1 character per byte. */
  answer: Record<string, string>
  /** The relay may give this answer by itself for a while. */
  hold: Hold | null
}

export interface Cloud {
  /**
   * Asks about one login attempt, and a second time under the same id if no answer comes: the gateway decides it once.
   * @throws NoAnswer
   */
  ask(lines: readonly Line[], id: string): Promise<CloudAnswer>
  /** Resolves when the function is there and takes our proof. @throws NoAnswer */
  probe(): Promise<void>
  close(): void
}

interface CloudParts {
  url: URL
  secret: string
  resolver: Pick<ReturnType<typeof createResolver>, 'resolve'>
  clock: () => number
  onCall(result: CallResult, ms: number): void
  deadlines?: Deadlines
}

export interface Deadlines {
  /** Both tries together: below the 10 s of `auth_http_timeout` in conf/nginx/mail.conf, above `auth.deadline`. */
  allMs: number
  /** The first. An instance that still decides then tells the second what it has decided. */
  firstMs: number
  /** Of a connection. */
  lifeMs: number
}

const usual: Deadlines = { allMs: 8_800, firstMs: 4_400, lifeMs: 60_000 }
const probeMs = 4_000
/** Nobody reads it; what is longer ends the connection. */
const longestBody = 64 * 1024

export function createCloud(parts: CloudParts): Cloud {
  const { url, secret, clock, onCall, deadlines = usual } = parts
  const connections = createConnections(lookUpWith(parts.resolver), deadlines.lifeMs)

  const call = async (path: string, lines: readonly Line[], id: string, ms: number, isFirst: boolean) => {
    const time = String(Math.floor(clock() / 1_000))
    const signature = sign(secret, { method: 'GET', path, time, id, lines })
    const headers = [...lines, [timeHeader, time], [idHeader, id], [signatureHeader, signature]]
    const startedAt = performance.now()
    try {
      const response = await receive(
        httpsRequest({
          host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
          port: url.port || 443,
          path,
          headers: Object.fromEntries(headers),
          agent: isFirst ? connections.kept : connections.fresh,
          signal: AbortSignal.timeout(ms),
        }),
      )
      const answer = readFromGateway(response.headers, id)
      if (answer === null) throw explain(response)
      onCall('answered', performance.now() - startedAt)
      return answer
    } catch (error) {
      const failure = error instanceof NoAnswer ? error : describe(error as Error, ms)
      onCall(failure.result, performance.now() - startedAt)
      throw failure
    }
  }

  return {
    async ask(lines, id) {
      const endsAt = performance.now() + deadlines.allMs
      try {
        return await call('/api/auth', lines, id, deadlines.firstMs, true)
      } catch (error) {
        if (!(error as NoAnswer).again) throw error
        return call('/api/auth', lines, id, Math.max(1, Math.floor(endsAt - performance.now())), false)
      }
    },
    async probe() {
      await call('/api/edge', [], newId(), probeMs, true)
    },
    close: connections.close,
  }
}

/** Resolves with the head of the answer. */
async function receive(request: ReturnType<typeof httpsRequest>): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.on('response', resolve).on('error', reject).end()
  const response = await promise
  let length = 0
  response.on('error', () => response.destroy())
  response.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > longestBody) response.destroy()
  })
  return response
}

/** Something has answered, but not the gateway, or not us. */
function explain({ statusCode = 0, headers }: IncomingMessage): NoAnswer {
  if (headers['auth-status'] !== undefined && statusCode < 500) {
    return new NoAnswer(
      'refused',
      'the function does not take our proof: edge.secret and the clocks of both ends must be right',
      false,
    )
  }
  return new NoAnswer('broken', `the function answered with status ${statusCode}`, statusCode >= 500)
}

function describe(error: Error, ms: number): NoAnswer {
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return new NoAnswer('slow', `no answer within ${ms} ms`)
  const { code } = error as NodeJS.ErrnoException
  return new NoAnswer('unreachable', code === undefined ? error.message : `${error.message} (${code})`)
}

/** As new as its time to live says, and the last good addresses while no name server answers. */
function lookUpWith({ resolve }: CloudParts['resolver']): LookupFunction {
  return (name, { all }, callback) => {
    void resolve(name, 0).then(({ addresses, lastError }) => {
      const found = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
      const [first] = found
      if (!first) callback(new Error(`${name}: ${lastError}`), '')
      else if (all) callback(null, found)
      else callback(null, first.address, first.family)
    })
  }
}
