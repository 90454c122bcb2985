/** admin-login as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { adminLogin } from './app.ts'

export const handler = createApiHandler(adminLogin)
