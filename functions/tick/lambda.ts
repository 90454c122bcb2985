/** tick as a cloud function: give it a schedule of one minute. */
import { createScheduledHandler } from '../../lib/runtime/lambda.ts'
import { doDueJobs } from './app.ts'

export const handler = createScheduledHandler(doDueJobs)
