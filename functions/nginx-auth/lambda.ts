/** nginx-auth as a cloud function. Its URL is open to all, so it asks for proof before anything else. */
import type { LambdaEvent } from 'hono/aws-lambda'
import { type Asked, readProof } from '../../lib/edge/proof.ts'
import { logRequest } from '../../lib/http/request-line.ts'
import { newId } from '../../lib/id.ts'
import { ConfigError } from '../../lib/runtime/config-error.ts'
import { createLambdaHandler } from '../../lib/runtime/lambda.ts'
import { createNginxAuth, notDecided, unproven } from './app.ts'
import { eventLines } from './header-lines.ts'

/** What fails is an explicit temporary failure: nginx drops the mail client over anything else. */
const answerFailed = () => ({ statusCode: 500, headers: notDecided, body: '' })

export const handler = createLambdaHandler(createNginxAuth, answerFailed, {
  check({ settings }) {
    if (settings.edge.auth === 'off')
      throw new ConfigError('edge.auth: a function answers everybody; set hmac or secret, and edge.secret')
  },
  refuse({ settings }, log, event) {
    const startedAt = performance.now()
    const asked = askedOf(event)
    if (readProof(settings, asked, Date.now()) !== null) return null
    log.warn(unproven(settings))
    const { method, path } = asked
    logRequest(log, startedAt, { request_id: newId(), plane: 'nginx', method, path, status: 200, client: '' })
    return { statusCode: 200, headers: notDecided, body: '' }
  },
})

function askedOf(event: LambdaEvent): Asked {
  const { rawPath: path = '', requestContext } = event as { rawPath?: string; requestContext?: unknown }
  const { http } = (requestContext ?? {}) as { http?: { method?: string } }
  return { method: http?.method ?? '', path, lines: eventLines(event) }
}
