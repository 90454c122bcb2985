/** What the hot state alone knows, for people who read: while it is away the rest of an answer does without. */
import { HotStateAway } from './port.ts'

/** @returns null = the hot state is away, and nobody knows */
export async function orUnknown<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof HotStateAway) return null
    throw error
  }
}
