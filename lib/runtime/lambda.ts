/** A function's app as a cloud function. Hono holds all HTTP, middy what belongs to the platform. */
import { tmpdir } from 'node:os'
import middy from '@middy/core'
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { Hono } from 'hono'
import { handle, type LambdaEvent } from 'hono/aws-lambda'
import type { Logger } from 'pino'
import { makeFirstAdmin } from '../admin/first.ts'
import { within } from '../deadline.ts'
import { createApi } from '../http/api.ts'
import type { AnyOperation } from '../http/operation.ts'
import { describeProblem, HttpProblem } from '../http/problem.ts'
import { newId } from '../id.ts'
import { type Config, loadConfig } from './config.ts'
import { ConfigError } from './config-error.ts'
import { inlineHashing } from './hash-inline.ts'
import { createLog, obeyLogLevel } from './log.ts'
import { bringUpSchema } from './schema.ts'
import { type Host, openServices, type Services } from './services.ts'
import { createWaking } from './wake.ts'

type Answer = APIGatewayProxyStructuredResultV2

/** Time left to send the fallback before the platform would end the call without any answer. */
const fallbackMs = 200

/** A function of the API. */
export const createApiHandler = (operations: readonly AnyOperation<Services>[]) =>
  createLambdaHandler(services => createApi(services, operations), answerApiFailed)

function answerApiFailed(requestId: string): Answer {
  const detail = 'this could not be answered in time, or not at all: try again'
  const problem = new HttpProblem(503, 'unavailable', detail)
  return {
    statusCode: problem.status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'Retry-After': '5',
      'X-Request-Id': requestId,
    },
    body: JSON.stringify(describeProblem(problem, requestId)),
  }
}

/** What a function that anybody can call asks for before anything is opened for the call. */
export interface Doorkeeper {
  /** @throws ConfigError when what is configured would let anybody in */
  check(config: Config): void
  /** @returns the answer to a call for which nothing is done; null = it may come in */
  refuse(config: Config, log: Logger, event: LambdaEvent): Answer | null
}

const nobody: Doorkeeper = { check: () => {}, refuse: () => null }

/**
 * @param createApp the function's factory; called once per instance
 * @param answerFailed the answer when the services cannot be opened or the time is over
 */
export function createLambdaHandler(
  createApp: (services: Services) => Hono,
  answerFailed: (requestId: string) => Answer,
  doorkeeper = nobody,
) {
  const ground = openOnce(async () => {
    const config = readCloudConfig()
    if (isInCloud()) doorkeeper.check(config)
    return { config, log: createLog(config.settings.log.level) }
  })
  const instance = openOnce(async () => {
    const { config, log } = await ground.open()
    const opened = await openInCloud(config, log)
    return { ...opened, answer: handle(createApp(opened.services) as Hono) }
  })

  return middy<LambdaEvent, Answer, Error, Context>({
    timeoutEarlyInMillis: fallbackMs,
    timeoutEarlyResponse: () => answerFailed(newId()),
  }).handler(async (event, context) => {
    try {
      const { config, log } = await ground.open()
      const refusal = doorkeeper.refuse(config, log, event)
      if (refusal) return refusal
      const { answer, during } = await instance.open()
      return (await during(() => answer(event, context))) as Answer
    } catch (error) {
      const request_id = newId()
      process.stderr.write(
        `${JSON.stringify({ level: 50, msg: 'request failed', request_id, err: (error as Error).message })}\n`,
      )
      return answerFailed(request_id)
    }
  })
}

/**
 * For what the platform calls by the clock. What it throws the platform counts as failed, and may call again.
 * Before its first call it does what a gateway does at its start: the other functions find schema and administrator.
 * @param run ends soon after its signal, which comes before the platform would end the call
 */
export function createScheduledHandler<T>(run: (services: Services, signal: AbortSignal) => Promise<T>) {
  const instance = openOnce(openFirstInCloud)
  return async (_event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<T> => {
    const { services, during } = await instance.open()
    return during(async () => {
      await services.liveSettings.refresh()
      const leftMs = context.getRemainingTimeInMillis() - endingMs
      return run(services, AbortSignal.timeout(Math.max(0, leftMs)))
    })
  }
}

/** For the statement that a job is in when it is told to end. */
const endingMs = 2_000

/** An instance opens its services at the first call; where that fails the next call tries again. */
function openOnce<T>(open: () => Promise<T>) {
  let opening: Promise<T> | undefined
  const forget = (error: unknown): never => {
    opening = undefined
    throw error
  }
  return {
    open(): Promise<T> {
      opening ??= open().catch(forget)
      return opening
    },
  }
}

const isInCloud = () => process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined

/** The name of all functions in the auth log: there may be hundreds of instances, each for some minutes. */
const cloudNode = 'cloud'

/** The function of the schedule sees to the schema, and to the first administrator. */
async function openFirstInCloud(): Promise<Opened> {
  const config = readCloudConfig()
  const opened = await openInCloud(config, createLog(config.settings.log.level), bringUpSchema)
  const { default_username, default_password } = config.settings.admin
  const chosen = config.adminPassword ?? default_password
  // Nobody would read a password that is made here.
  if (chosen !== '') await makeFirstAdmin(opened.services, default_username, chosen)
  return opened
}

/** An instance has one disk that it can write to, nobody beside it, and many like it on the same servers. */
function readCloudConfig(): Config {
  const config = loadConfig({ env: { MAILGATEWAY_DATA_DIR: tmpdir(), ...process.env }, cwd: process.cwd() })
  if (isInCloud() && config.database.kind === 'sqlite') {
    throw new ConfigError(
      'DATABASE_URL: a cloud function cannot use SQLite, its instances share no file; give mysql://',
    )
  }
  if (isInCloud() && config.hotState.kind === 'memory') {
    throw new ConfigError(
      'REDIS_URL: a cloud function cannot count in memory, its instances share none; give redis:// or rediss://',
    )
  }
  const { server, database } = config.settings
  server.node ||= cloudNode
  database.max_open_conns = 1
  database.max_idle_conns = 1
  return config
}

/** For the notices of a call; those that have to wait go with a later one of this instance, and are lost if it has none. */
const flushMs = 1_000

interface Opened {
  services: Services
  /** Does a call. Before it is looked what has changed while the instance stood still, and after it nothing is left to do. */
  during<T>(call: () => Promise<T>): Promise<T>
}

/** @param migrate absent = the function of the schedule sees to the schema */
async function openInCloud(config: Config, log: Logger, migrate?: Host['migrate']): Promise<Opened> {
  const services = await openServices(config, log, { passwords: inlineHashing, sleeps: true, migrate })
  obeyLogLevel(services)
  const wake = createWaking(services)
  return {
    services,
    async during(call) {
      await wake()
      try {
        return await call()
      } finally {
        await within(flushMs, services.notices.flush()).catch(error =>
          log.warn({ error: (error as Error).message }, 'notices wait for a later call'),
        )
      }
    },
  }
}
