/** A function's app as a cloud function. Hono holds all HTTP, middy what belongs to the platform. */
import middy from '@middy/core'
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { Hono } from 'hono'
import { handle, type LambdaEvent } from 'hono/aws-lambda'
import { createApi } from '../http/api.ts'
import type { AnyOperation } from '../http/operation.ts'
import { loadConfig } from './config.ts'
import { ConfigError } from './config-error.ts'
import { inlineHashing } from './hash-inline.ts'
import { createLog } from './log.ts'
import { openServices, type Services } from './services.ts'

/** Time left to send the fallback before the platform would end the call without any answer. */
const fallbackMs = 200

/** A function of the API. */
export const createApiHandler = (operations: readonly AnyOperation<Services>[]) =>
  createLambdaHandler(services => createApi(services, operations), { 'Retry-After': '5' })

/**
 * @param createApp the function's factory; called once per instance
 * @param fallback headers of the answer when the services cannot be opened or the time is over: for nginx an explicit
 *   temporary failure
 */
export function createLambdaHandler(
  createApp: (services: Services) => Hono,
  fallback: Record<string, string>,
) {
  const failed = (): APIGatewayProxyStructuredResultV2 => ({ statusCode: 500, headers: fallback, body: '' })
  let opening: Promise<ReturnType<typeof handle>> | undefined

  const open = async () => {
    const config = loadConfig({ env: process.env, cwd: process.cwd() })
    if (process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined && config.database.kind === 'sqlite') {
      throw new ConfigError(
        'DATABASE_URL: a cloud function cannot use SQLite, its instances share no file; give mysql://',
      )
    }
    return handle(
      createApp(
        await openServices(config, createLog(config.settings.log.level), { passwords: inlineHashing }),
      ) as Hono,
    )
  }

  return middy<LambdaEvent, APIGatewayProxyStructuredResultV2, Error, Context>({
    timeoutEarlyInMillis: fallbackMs,
    timeoutEarlyResponse: failed,
  }).handler(async (event, context) => {
    try {
      opening ??= open()
      const answer = await opening
      return (await answer(event, context)) as APIGatewayProxyStructuredResultV2
    } catch (error) {
      // The next call tries again.
      opening = undefined
      process.stderr.write(
        `${JSON.stringify({ level: 50, msg: 'request failed', err: (error as Error).message })}\n`,
      )
      return failed()
    }
  })
}
