/**
 * The one connection to Redis, and the generation that copies live under. Nothing is queued while it is away, and nothing
 * is ever sent twice.
 */
import { hash, randomUUID } from 'node:crypto'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { HotStateAway } from './port.ts'
import { RedisUnusable, whyUnusable } from './refusals.ts'
import { script } from './script.ts'
import { readInfo, refusePolicy, refuseServer, type ServerFacts } from './server.ts'

/** Where the generation is kept: beside the facts that the hot state has copies of. */
export interface GenerationKeeper {
  /** The generation for this server, with what is in it: the kept one if it is of the same, else a new one. */
  agree(server: string): Promise<number>
  read(): Promise<{ generation: number; server: string }>
  /** Makes a new one, so that every copy is dead. */
  raise(): Promise<number>
}

export interface LinkParts {
  /** Where the server is, and who we are there. */
  options: RedisOptions
  /** Where the token lies that goes when the server loses what is in it. */
  tokenKey: string
  keeper: GenerationKeeper
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Whether the process stands still between calls: then no timer runs, and `wake` takes its place. */
  sleeps?: boolean
}

export interface Link {
  /** @throws HotStateAway at once when there is no connection, and after `deadlineMs` when there is no answer */
  run(args: string[]): Promise<string>
  /** Why there is no connection; null = there is one. */
  awayBecause(): string | null
  /** The generation in use, the last one while the connection is away. */
  generation(): number
  /** Ends this generation on every node. @throws what the keeper throws; then it is tried again every second */
  raise(): Promise<void>
  /** See HotState. */
  wake(): Promise<void>
  /** Gives the connection up for a new one. */
  drop(why: string): void
  close(): void
}

/** For the answer to a command, a connection, and each step on the way to one. */
const deadlineMs = 1_000
/** Between two attempts to connect. The pause grows up to it; a part of it is left to chance, so that nodes do not come all at once. */
const longestPauseMs = 800
/** So often it is looked whether another node has raised the generation. */
const rereadMs = 1_000
const lookAgainMs = 20
/** What Redis knows a script by. */
const sha = hash('sha1', script)

/**
 * Connects, and keeps the connection from then on.
 * @throws RedisUnusable, one line, when the server cannot be reached or used
 */
export async function openLink({ options, tokenKey, keeper, log, sleeps = false }: LinkParts): Promise<Link> {
  let served: { server: string; token: string } | null = null
  let generation = 0
  let why = ''
  let started = false
  let attempts = 0
  let raiseDue = false
  let lastError: Error | null = null
  /** Connections are numbered: what was learned over an older one is of no use. */
  let connection = 0
  let retry: NodeJS.Timeout | undefined

  const client = new Redis({
    ...options,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
    disconnectTimeout: 100,
    retryStrategy: () => (started ? pauseAfter(attempts++) : null),
    sentinelRetryStrategy: () => null,
    // Each command is a part of a cold start. Whether the server is still loading `meet` sees itself; a host that lives on
    // lets the driver wait for that.
    disableClientInfo: true,
    enableReadyCheck: !sleeps,
  })
  client.on('error', (error: Error) => {
    lastError = error
  })

  const away = (reason: string) => {
    if (why !== reason) log.warn({ why: reason }, 'the hot state is away: logins get a temporary failure')
    served = null
    why = reason
  }

  /** Nothing is served before it is known what may be believed. */
  const meet = async (mine: number): Promise<ServerFacts> => {
    lastError = null
    // The driver goes on in database 0 when there is none of that number.
    if (options.db) await client.select(options.db)
    const facts = readInfo(await client.info())
    const refusal = refuseServer(facts)
    if (refusal !== null) throw new Error(refusal)
    const token = await readToken()
    const server = `${facts.runId}/${token}`
    const agreed = await keeper.agree(server)
    if (mine !== connection || client.status !== 'ready') throw new Error('the connection was lost again')
    adopt(agreed)
    served = { server, token }
    attempts = 0
    return facts
  }

  /** The one that is there, else a new one: of nodes that bring one at once all find the first. */
  const readToken = async (): Promise<string> => {
    const known = await client.get(tokenKey)
    if (known !== null) return known
    await client.set(tokenKey, randomUUID(), 'NX')
    return readToken()
  }

  const adopt = (number: number) => {
    if (number > generation && generation > 0) log.info({ generation: number }, 'hot state renewed')
    generation = Math.max(generation, number)
  }

  const comeBack = async () => {
    connection += 1
    const mine = connection
    try {
      const policy = refusePolicy(await meet(mine))
      if (policy !== null) log.warn(policy)
      log.info('the hot state is back')
      why = ''
    } catch (error) {
      if (mine === connection) drop((error as Error).message)
    }
  }

  const drop = (reason: string) => {
    lastError = null
    away(reason)
    client.disconnect(true)
  }

  const raise = async () => {
    raiseDue = true
    const raised = await keeper.raise()
    raiseDue = false
    adopt(raised)
  }

  const look = async () => {
    if (raiseDue) await raise()
    const seen = served
    const kept = await keeper.read()
    if (seen === null || seen !== served) return
    if (kept.server === seen.server) adopt(kept.generation)
    else drop('another node uses another Redis server')
  }

  try {
    await client.connect()
    const policy = refusePolicy(await meet(connection))
    if (policy !== null) throw new Error(policy)
  } catch (error) {
    client.disconnect()
    // Without a cause: the driver's errors hold the arguments of their command, passwords and copies among them.
    throw new RedisUnusable(whyUnusable(lastError ?? (error as Error), options))
  }
  started = true
  client.on('ready', () => void comeBack())
  client.on('close', () => away(lastError?.message ?? (served === null ? why : 'the connection was closed')))
  // When no Sentinel knows a primary the driver would leave it at that.
  client.on('end', () => {
    away(lastError?.message ?? 'no Sentinel knows a primary')
    retry = setTimeout(() => client.connect().catch(() => {}), pauseAfter(attempts++))
  })

  let blind = false
  const lookSafely = async () => {
    try {
      await look()
      blind = false
    } catch (error) {
      if (!blind) log.error({ err: error }, 'the generation of the hot state cannot be read or raised')
      blind = true
    }
  }

  let looking = false
  const timer = sleeps
    ? undefined
    : setInterval(async () => {
        if (looking) return
        looking = true
        await lookSafely()
        looking = false
      }, rereadMs).unref()

  /** A connection may have gone without a word: one command finds out, and another connection is waited for. */
  const wake = async () => {
    const until = performance.now() + deadlineMs
    if (served !== null) {
      await client.get(tokenKey).catch(({ message }: Error) => {
        if (message === 'Command timed out') drop(`no answer within ${deadlineMs} ms`)
      })
      await nextTurn()
    }
    while (served === null && performance.now() < until) await wait(lookAgainMs)
    await lookSafely()
  }

  return {
    async run(args) {
      if (served === null) throw new HotStateAway(`Redis is away: ${why}`)
      try {
        const all = [tokenKey, served.token, ...args]
        return (await client.evalsha(sha, 0, ...all).catch(error => {
          // Nothing was done then: the server does not know the script yet, or was made to forget it.
          if (!error.message.startsWith('NOSCRIPT')) throw error
          return client.eval(script, 0, ...all)
        })) as string
      } catch (error) {
        const { message } = error as Error
        if (message.startsWith('LOST')) drop('it has lost what was in it')
        if (message === 'Command timed out') drop(`no answer within ${deadlineMs} ms`)
        throw new HotStateAway(`Redis is away: ${message}`)
      }
    },
    awayBecause: () => (served === null ? why : null),
    generation: () => generation,
    raise,
    wake,
    drop,
    close() {
      clearInterval(timer)
      clearTimeout(retry)
      client.removeAllListeners('close')
      client.removeAllListeners('end')
      client.disconnect()
    },
  }
}

function pauseAfter(attempts: number): number {
  const pause = Math.min(longestPauseMs, 50 * 2 ** attempts)
  return pause * (0.5 + Math.random() / 2)
}
