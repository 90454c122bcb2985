/** blacklist as a cloud function. */
import { createApiHandler } from '../../lib/runtime/lambda.ts'
import { blacklist } from './app.ts'

export const handler = createApiHandler(blacklist)
