/** What is to be done for administrators at regular intervals. */
import type { Settings } from '../settings/definitions.ts'
import { deleteEndedSessions, type SessionServices } from './sessions.ts'

const hourMs = 3_600_000

interface JobServices extends SessionServices {
  settings: Pick<Settings, 'guessing'>
}

export const adminJobs = (services: JobServices) => [
  { name: 'sessions', everyMs: hourMs, run: () => deleteEnded(services) },
]

async function deleteEnded(services: JobServices): Promise<void> {
  const { db, clock, settings } = services
  await deleteEndedSessions(services)
  await db
    .deleteFrom('admin_networks')
    .where('last_success_at', '<', clock() - settings.guessing.familiar_for)
    .execute()
}
