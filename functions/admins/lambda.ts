/** admins as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { admins } from './app.ts'

export const handler = createApiHandler(admins)
