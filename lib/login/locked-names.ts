/** Until when names may be locked or shut. The hot state decides about that, but cannot be searched: this is for lists. */
import { isAway, larger, orChange } from '../database/dialect.ts'
import type { Database } from '../database/schema.ts'

/**
 * A name that nobody has costs the same. While SQL is away nothing is noted: the lock holds all the same.
 * @param endsAt UTC milliseconds
 */
export async function noteLocked(db: Database, name: string, endsAt: number): Promise<void> {
  try {
    await db
      .insertInto('locked_names')
      .values({ name, ends_at: endsAt })
      .$call(orChange(db, ['name'], { ends_at: larger(db, 'ends_at') }))
      .execute()
  } catch (error) {
    if (!isAway(error)) throw error
  }
}

const hourMs = 3_600_000

interface JobServices {
  db: Database
  clock: () => number
}

export const lockJobs = ({ db, clock }: JobServices) => [
  {
    name: 'locked names',
    everyMs: hourMs,
    run: async () => {
      await db.deleteFrom('locked_names').where('ends_at', '<', clock()).execute()
    },
  },
]
