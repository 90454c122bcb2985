/** nginx-auth as a cloud function. */
import { createLambdaHandler } from '../../lib/runtime/lambda.ts'
import { createNginxAuth, notDecided } from './app.ts'

/** What fails is an explicit temporary failure: nginx drops the mail client over anything else. */
export const handler = createLambdaHandler(createNginxAuth, () => ({
  statusCode: 500,
  headers: notDecided,
  body: '',
}))
