/** logs as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { logs } from './app.ts'

export const handler = createApiHandler(logs)
