/** What is to be done at regular intervals, once for all processes. Each job may be done twice, or late. */
import { adminJobs } from '../../lib/admin/jobs.ts'
import { countFromLog } from '../../lib/audit/count-late.ts'
import { auditJobs } from '../../lib/audit/jobs.ts'
import { historyJobs } from '../../lib/backend/history.ts'
import { lockJobs } from '../../lib/login/locked-names.ts'
import { notifyJobs } from '../../lib/notify/jobs.ts'
import { type Job, type JobServices, runDueJobs } from '../../lib/runtime/jobs.ts'

type TickServices = JobServices &
  Parameters<typeof auditJobs>[0] &
  Parameters<typeof adminJobs>[0] &
  Parameters<typeof notifyJobs>[0]

/** All jobs. Whoever lives on does each at its own interval (lib/runtime/jobs.ts). */
export const jobsOf = (services: TickServices): Job[] => [
  ...auditJobs(services),
  ...adminJobs(services),
  ...historyJobs(services),
  ...lockJobs(services),
  ...notifyJobs(services),
]

/** The same where no process lives on: nothing has counted by itself there. First, so that its counts are rolled up. */
export const lonelyJobsOf = (services: TickServices): Job[] => [
  { name: 'count', everyMs: 30_000, run: () => countFromLog(services) },
  ...jobsOf(services),
]

/** Does what is due now. Meant to be called once a minute, from anywhere and as often as one likes. */
export const doDueJobs = (services: TickServices, signal: AbortSignal) =>
  runDueJobs(services, lonelyJobsOf(services), signal)
