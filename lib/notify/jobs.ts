/** What is to be done for notices at regular intervals. */
import { type DeliverServices, deliverDue } from './deliver.ts'

/** An owner should read of a new network while the stranger is still at it. */
const everyMs = 10_000

export const notifyJobs = (services: DeliverServices) => [
  { name: 'notifications', everyMs, run: (signal: AbortSignal) => deliverDue(services, signal) },
]
