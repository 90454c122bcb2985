/** The functions, one per concern. Each can run in any host: the adapter's listeners, a cloud function, a test. */

import { documentOperation } from '../lib/http/openapi.ts'
import type { Services } from '../lib/runtime/services.ts'
import { adminLogin } from './admin-login/app.ts'
import { admins } from './admins/app.ts'
import { backends } from './backends/app.ts'
import { blacklist } from './blacklist/app.ts'
import { logs } from './logs/app.ts'
import { createMetrics } from './metrics/app.ts'
import { answerUnparsed, createNginxAuth, notDecided } from './nginx-auth/app.ts'
import { forwardLines } from './nginx-auth/forward-lines.ts'
import { headerLines, salvageLines } from './nginx-auth/header-lines.ts'
import { readAddress, readAttempt, writeDecision } from './nginx-auth/wire.ts'
import { notifications } from './notifications/app.ts'
import { settings } from './settings/app.ts'
import { stats } from './stats/app.ts'
import { jobsOf } from './tick/app.ts'
import { users } from './users/app.ts'

/** Asked by nginx at every login. Has a listener of its own: its answers are header lines, and few of them. */
export const nginxAuth = {
  name: 'nginx-auth',
  plane: 'nginx',
  cloud: true,
  create: createNginxAuth,
  answerUnparsed,
  readAddress,
  readAttempt,
  writeDecision,
  headerLines,
  salvageLines,
  forwardLines,
  fallback: notDecided,
} as const

/** Read by monitoring. It tells of one process, so it has no cloud entry. */
export const metrics = { name: 'metrics', plane: 'nginx', cloud: false, create: createMetrics } as const

/** The API, function by function: what people, the console and scripts ask for. */
export const api = {
  'admin-login': adminLogin,
  admins,
  backends,
  blacklist,
  logs,
  notifications,
  settings,
  stats,
  users,
} as const

/** Called by the clock: in the cloud by the platform's, elsewhere the jobs have one of their own. */
export const tick = { name: 'tick', plane: 'clock', cloud: true, jobs: jobsOf } as const

/** All of them; the name is that of the folder, and `cloud` says whether it has a lambda.ts. */
export const functions = [
  nginxAuth,
  metrics,
  tick,
  ...Object.entries(api).map(
    ([name, operations]) => ({ name, plane: 'admin', cloud: true, operations }) as const,
  ),
]

const asked = Object.values(api).flat()

/** Everything that can be asked of the API, and the document that tells so. */
export const operations = [...asked, documentOperation<Services>(asked)]
