/** Deleting what is gone already is no failure. */
import { Refusal } from '../../lib/refusal.ts'

/** Whatever it answers, nothing is answered to whoever asked. */
export async function idempotent(deletion: Promise<unknown>): Promise<void> {
  try {
    await deletion
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'not_found')) throw error
  }
}
