/** Every administrative verb by name: what the command line asks of a running gateway, or does itself when none runs. */
import { z } from 'zod'
import { endAnySessions, listSessionsOf } from '../../lib/admin/end.ts'
import {
  addAdmin,
  deleteAdmin,
  listAdmins,
  resetAdminTotp,
  resetPassword,
  setAdmin,
  unlockAdmin,
} from '../../lib/admin/manage.ts'
import { resealAll } from '../../lib/admin/reseal.ts'
import { rebuildStats } from '../../lib/audit/rebuild.ts'
import { searchAuthLog } from '../../lib/audit/search.ts'
import { tailAuthLog } from '../../lib/audit/tail.ts'
import { findBackend } from '../../lib/backend/find.ts'
import { addBackend, drainBackend, removeBackend, setBackend } from '../../lib/backend/manage.ts'
import { checkBackend } from '../../lib/backend/probe.ts'
import { readHistory } from '../../lib/backend/read-history.ts'
import { readShare } from '../../lib/backend/share.ts'
import { addBans } from '../../lib/ban/bulk.ts'
import { addException, listExceptions, removeException } from '../../lib/ban/exceptions.ts'
import { listBans } from '../../lib/ban/find.ts'
import { addBan, removeBan, setBan, showBan } from '../../lib/ban/manage.ts'
import { exceptionKinds } from '../../lib/ban/shapes.ts'
import { parseInput, text } from '../../lib/input.ts'
import { getSetting, listSettings, setSetting, unsetSetting } from '../../lib/live-settings/manage.ts'
import { listUsers } from '../../lib/login/list-users.ts'
import { previewRoute } from '../../lib/login/preview.ts'
import { forgetNetworks, showGuarded, unlockMailbox } from '../../lib/login/unlock.ts'
import { exportMailboxes } from '../../lib/mailbox/export.ts'
import { importRows } from '../../lib/mailbox/import.ts'
import { addMailbox, deleteMailbox, setEnabled, setMailbox, setPassword } from '../../lib/mailbox/manage.ts'
import { notifyOwner } from '../../lib/mailbox/notify.ts'
import {
  confirmTotp,
  disableTotp,
  enableTotp,
  listGrants,
  resetTotp,
  revokeGrants,
} from '../../lib/mailbox/totp.ts'
import { listNotifications } from '../../lib/notify/list.ts'
import { sendTestMail } from '../../lib/notify/test-mail.ts'
import { searchOperations } from '../../lib/operation/search.ts'
import { takePage } from '../../lib/original/take.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { readPeriod } from '../../lib/stats/period.ts'
import { checkSelf } from '../doctor/self-check.ts'
import { tryLogin } from './try.ts'

type Verb = (services: Services, input: unknown) => Promise<unknown>

const named = z.strictObject({ name: text() })
const withPassword = z.strictObject({ name: text(), password: text() })
const withChanges = z.strictObject({ name: text(), changes: z.unknown() })
const adminWithChanges = z.strictObject({ username: text(), changes: z.unknown() })
const meantBan = z.strictObject({ ban: text() })
const meantBanWithChanges = z.strictObject({ ban: text(), changes: z.unknown() })
const exceptionOfKind = z.strictObject({ kind: z.enum(exceptionKinds), cidr: text() })
const meant = z.strictObject({ backend: text() })
const meantToRemove = meant.extend({ force: z.boolean().default(false) })
const meantPage = meant.extend({ after: text().optional(), limit: z.number().optional() })
const meantWithChanges = z.strictObject({ backend: text(), changes: z.unknown() })

export const verbs = {
  'user add': addMailbox,
  'user list': listUsers,
  'user show': (services, input) => showGuarded(services, parseInput(named, input).name),
  'user unlock': (services, input) => unlockMailbox(services, parseInput(named, input).name),
  'user set': (services, input) => {
    const { name, changes } = parseInput(withChanges, input)
    return setMailbox(services, name, changes)
  },
  'user set-password': (services, input) => {
    const { name, password } = parseInput(withPassword, input)
    return setPassword(services, name, password)
  },
  'user enable': (services, input) => setEnabled(services, parseInput(named, input).name, true),
  'user disable': (services, input) => setEnabled(services, parseInput(named, input).name, false),
  'user totp enable': enableTotp,
  'user totp confirm': confirmTotp,
  'user totp reset': resetTotp,
  'user totp disable': disableTotp,
  'user notify': notifyOwner,
  'user grants': listGrants,
  'user revoke': revokeGrants,
  'user forget': forgetNetworks,
  'user import': importRows,
  'user export': exportMailboxes,
  'user delete': async (services, input) => {
    const { name } = parseInput(named, input)
    await deleteMailbox(services, name)
    return { deleted: name }
  },
  'backend add': addBackend,
  'backend list': ({ backends }) => backends.look(),
  'backend set': async (services, input) => {
    const { backend, changes } = parseInput(meantWithChanges, input)
    return setBackend(services, (await findBackend(services, backend)).id, changes)
  },
  'backend drain': async (services, input) => {
    const { id } = await findBackend(services, parseInput(meant, input).backend)
    return drainBackend(services, id)
  },
  'backend remove': async (services, input) => {
    const { backend, force } = parseInput(meantToRemove, input)
    const { id } = await findBackend(services, backend)
    return { removed: await removeBackend(services, id, { force }) }
  },
  'backend check': async (services, input) => {
    const backend = await findBackend(services, parseInput(meant, input).backend)
    return { backend, ...(await checkBackend(backend, services.settings.backend, services.clock)) }
  },
  'backend history': async (services, input) => {
    const { backend, ...page } = parseInput(meantPage, input)
    return readHistory(services, (await findBackend(services, backend)).id, page)
  },
  'backend share': readShare,
  'backend preview': previewRoute,
  'ban add': addBan,
  'ban import': addBans,
  'ban list': listBans,
  'ban set': (services, input) => {
    const { ban, changes } = parseInput(meantBanWithChanges, input)
    return setBan(services, ban, changes)
  },
  'ban show': (services, input) => showBan(services, parseInput(meantBan, input).ban),
  'ban remove': (services, input) => removeBan(services, parseInput(meantBan, input).ban),
  'exception add': addException,
  'exception list': listExceptions,
  'exception remove': async (services, input) => {
    const { kind, cidr } = parseInput(exceptionOfKind, input)
    await removeException(services, cidr, kind)
    return { removed: cidr }
  },
  'setting list': listSettings,
  'setting get': getSetting,
  'setting set': setSetting,
  'setting unset': unsetSetting,
  'admin add': addAdmin,
  'admin list': listAdmins,
  'admin set': (services, input) => {
    const { username, changes } = parseInput(adminWithChanges, input)
    return setAdmin(services, username, changes)
  },
  'admin delete': deleteAdmin,
  'admin unlock': unlockAdmin,
  'admin reset-password': resetPassword,
  'admin reset-totp': resetAdminTotp,
  'session list': listSessionsOf,
  'session end': endAnySessions,
  'notify list': listNotifications,
  'notify test': sendTestMail,
  'secrets reseal': resealAll,
  'import original': takePage,
  try: tryLogin,
  'log search': searchAuthLog,
  'self-check': checkSelf,
  'log tail': tailAuthLog,
  'operation list': searchOperations,
  stats: readPeriod,
  'stats rebuild': rebuildStats,
} as const satisfies Record<string, Verb>

export type VerbName = keyof typeof verbs
export type VerbResult<Name extends VerbName> = Awaited<ReturnType<(typeof verbs)[Name]>>
