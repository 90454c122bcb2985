/** Version numbers that rise over a whole table, also over rows that are deleted and made again. */
import { sql, type Transaction } from 'kysely'
import type { Tables } from './schema.ts'

/**
 * The next version. The counter's row in `system_config` stays locked until the transaction ends, so versions become
 * visible in their order.
 * @param counter name of a row that a migration has made
 */
export async function takeVersion(
  trx: Transaction<Tables>,
  counter: 'mailbox_version' | 'ban_version' | 'settings_version' | 'admin_version',
): Promise<number> {
  await trx.updateTable('system_config').set({ value: sql`value + 1` }).where('name', '=', counter).execute()
  const { value } = await trx
    .selectFrom('system_config')
    .select('value')
    .where('name', '=', counter)
    .executeTakeFirstOrThrow()
  return Number(value)
}
