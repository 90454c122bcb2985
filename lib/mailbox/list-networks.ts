/** The networks that a mailbox has been used from, as they are shown. */
import { z } from 'zod'
import type { Database } from '../database/schema.ts'

export const networkSchema = z.strictObject({
  network: z.string().describe('The /24 or /48.'),
  last_success_at: z.int().describe('UTC milliseconds, up to an hour before the last one.'),
})

/** Last used first. */
export async function listNetworks(
  db: Database,
  accountId: string,
): Promise<z.infer<typeof networkSchema>[]> {
  return db
    .selectFrom('known_networks')
    .select(['network', 'last_success_at'])
    .where('user_id', '=', accountId)
    .orderBy('last_success_at', 'desc')
    .execute()
}
