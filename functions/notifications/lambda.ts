/** notifications as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { notifications } from './app.ts'

export const handler = createApiHandler(notifications)
