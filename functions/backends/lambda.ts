/** backends as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { backends } from './app.ts'

export const handler = createApiHandler(backends)
