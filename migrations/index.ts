/** All migrations in order. A static record: it bundles cleanly, and no folder is read at run time. */
import type { Migration } from 'kysely/migration'
import * as initial from './0001-initial.ts'
import * as guessing from './0002-guessing.ts'
import * as codes from './0003-codes.ts'
import * as generation from './0004-generation.ts'
import * as stats from './0005-stats.ts'
import * as settings from './0006-settings.ts'
import * as notifications from './0007-notifications.ts'
import * as admins from './0008-admins.ts'
import * as mailboxLists from './0009-mailbox-lists.ts'
import * as places from './0010-places.ts'
import * as logSearches from './0011-log-searches.ts'
import * as searches from './0012-searches.ts'
import * as familiarNetworks from './0013-familiar-networks.ts'
import * as lockedNames from './0014-locked-names.ts'

export const migrations: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-guessing': guessing,
  '0003-codes': codes,
  '0004-generation': generation,
  '0005-stats': stats,
  '0006-settings': settings,
  '0007-notifications': notifications,
  '0008-admins': admins,
  '0009-mailbox-lists': mailboxLists,
  '0010-places': places,
  '0011-log-searches': logSearches,
  '0012-searches': searches,
  '0013-familiar-networks': familiarNetworks,
  '0014-locked-names': lockedNames,
}
