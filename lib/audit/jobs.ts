/** What is to be done for the auth log and its statistics at regular intervals. */
import { deleteOld, type RetentionServices } from './retention.ts'
import { rollUpRecent } from './roll-up.ts'
import { hourMs, minuteMs } from './times.ts'
import { makeRecentTops } from './tops.ts'

export const auditJobs = (services: RetentionServices) => [
  { name: 'roll-up', everyMs: minuteMs, run: () => rollUpRecent(services) },
  { name: 'tops', everyMs: 5 * minuteMs, run: () => makeRecentTops(services) },
  { name: 'retention', everyMs: hourMs, run: (signal: AbortSignal) => deleteOld(services, signal) },
]
