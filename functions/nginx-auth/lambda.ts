/** nginx-auth as a cloud function. */
import { createLambdaHandler } from '../../lib/runtime/lambda.ts'
import { createNginxAuth, notDecided } from './app.ts'

export const handler = createLambdaHandler(createNginxAuth, notDecided)
