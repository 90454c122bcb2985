/** A function's app as a cloud function. Hono holds all HTTP, middy what belongs to the platform. */
import middy from '@middy/core'
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { Hono } from 'hono'
import { handle, type LambdaEvent } from 'hono/aws-lambda'
import { createApi } from '../http/api.ts'
import type { AnyOperation } from '../http/operation.ts'
import { describeProblem, HttpProblem } from '../http/problem.ts'
import { newId } from '../id.ts'
import { loadConfig } from './config.ts'
import { ConfigError } from './config-error.ts'
import { inlineHashing } from './hash-inline.ts'
import { createLog, obeyLogLevel } from './log.ts'
import { openServices, type Services } from './services.ts'

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

/**
 * @param createApp the function's factory; called once per instance
 * @param answerFailed the answer when the services cannot be opened or the time is over
 */
export function createLambdaHandler(
  createApp: (services: Services) => Hono,
  answerFailed: (requestId: string) => Answer,
) {
  const instance = openOnce(async () => handle(createApp(await openInCloud()) as Hono))

  return middy<LambdaEvent, Answer, Error, Context>({
    timeoutEarlyInMillis: fallbackMs,
    timeoutEarlyResponse: () => answerFailed(newId()),
  }).handler(async (event, context) => {
    try {
      const answer = await instance.open()
      return (await answer(event, context)) as Answer
    } catch (error) {
      instance.forget()
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
 * @param run ends soon after its signal, which comes before the platform would end the call
 */
export function createScheduledHandler<T>(run: (services: Services, signal: AbortSignal) => Promise<T>) {
  const instance = openOnce(openInCloud)
  return async (_event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<T> => {
    try {
      const services = await instance.open()
      await services.liveSettings.refresh()
      return await run(
        services,
        AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - endingMs)),
      )
    } catch (error) {
      instance.forget()
      throw error
    }
  }
}

/** For the statement that a job is in when it is told to end. */
const endingMs = 2_000

/** An instance opens its services at the first call; after a failure the next call tries again. */
function openOnce<T>(open: () => Promise<T>) {
  let opening: Promise<T> | undefined
  return {
    open() {
      opening ??= open()
      return opening
    },
    forget() {
      opening = undefined
    },
  }
}

async function openInCloud(): Promise<Services> {
  const config = loadConfig({ env: process.env, cwd: process.cwd() })
  if (process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined && config.database.kind === 'sqlite') {
    throw new ConfigError(
      'DATABASE_URL: a cloud function cannot use SQLite, its instances share no file; give mysql://',
    )
  }
  const log = createLog(config.settings.log.level)
  const services = await openServices(config, log, { passwords: inlineHashing })
  obeyLogLevel(services)
  return services
}
