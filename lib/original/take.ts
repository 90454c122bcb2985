/** One page of a table of the original, into the tables here. */
import { z } from 'zod'
import type { ManageServices } from '../backend/manage.ts'
import type { BanStore } from '../ban/insert.ts'
import { type OriginalTable, originalTables } from '../database/original.ts'
import { parseInput } from '../input.ts'
import type { SettingServices } from '../live-settings/change.ts'
import { takeAdmins } from './admins.ts'
import { takeBans } from './bans.ts'
import { takeConfig } from './config.ts'
import { takeAuthLog, takeOperationLog } from './logs.ts'
import type { Outcome } from './outcome.ts'
import { takeUsers, type UserServices } from './users.ts'

/** So many that a login waits behind them for some milliseconds at most. */
export const rowsPerPage = 500

const page = z.strictObject({
  table: z.enum(originalTables),
  rows: z.array(z.unknown()).max(rowsPerPage),
  dryRun: z.boolean(),
})

type Services = UserServices & BanStore & ManageServices & SettingServices
type Take = (services: Services, rows: readonly unknown[], dryRun: boolean) => Promise<Outcome[]>

const takes: Record<OriginalTable, Take> = {
  users: takeUsers,
  admin: takeAdmins,
  system_config: takeConfig,
  blacklist: takeBans,
  operation_log: takeOperationLog,
  auth_log: takeAuthLog,
}

/**
 * Takes what is not here yet; a page is in as a whole or not at all. @returns what became of each row
 * @throws Refusal when the input is no page
 */
export async function takePage(services: Services, input: unknown): Promise<Outcome[]> {
  const { table, rows, dryRun } = parseInput(page, input)
  return takes[table](services, rows, dryRun)
}
