/** users as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { users } from './app.ts'

export const handler = createApiHandler(users)
