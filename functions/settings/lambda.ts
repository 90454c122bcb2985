/** settings as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { settings } from './app.ts'

export const handler = createApiHandler(settings)
