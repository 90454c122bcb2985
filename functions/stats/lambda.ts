/** stats as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { stats } from './app.ts'

export const handler = createApiHandler(stats)
