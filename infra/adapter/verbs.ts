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
import { addBackend, removeBackend, setBackend } from '../../lib/backend/manage.ts'
import { checkBackend } from '../../lib/backend/probe.ts'
import { readBackends } from '../../lib/backend/snapshot.ts'
import {
  addBan,
  addException,
  listBans,
  listExceptions,
  removeBan,
  removeException,
  showBan,
} from '../../lib/ban/manage.ts'
import { parseInput } from '../../lib/input.ts'
import { getSetting, listSettings, setSetting, unsetSetting } from '../../lib/live-settings/manage.ts'
import { showGuarded, unlockMailbox } from '../../lib/login/unlock.ts'
import {
  addMailbox,
  deleteMailbox,
  listMailboxes,
  setEnabled,
  setMailbox,
  setPassword,
} from '../../lib/mailbox/manage.ts'
import {
  confirmTotp,
  disableTotp,
  enableTotp,
  listGrants,
  resetTotp,
  revokeGrants,
} from '../../lib/mailbox/totp.ts'
import { searchOperations } from '../../lib/operation/search.ts'
import { takePage } from '../../lib/original/take.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { readPeriod } from '../../lib/stats/period.ts'
import { checkSelf } from '../doctor/self-check.ts'
import { tryLogin } from './try.ts'

type Verb = (services: Services, input: unknown) => Promise<unknown>

const text = z.string('must be text')
const named = z.strictObject({ name: text })
const withPassword = z.strictObject({ name: text, password: text })
const withChanges = z.strictObject({ name: text, changes: z.unknown() })
const adminWithChanges = z.strictObject({ username: text, changes: z.unknown() })
const banQuery = z.strictObject({ all: z.boolean().default(false), address: text.optional() })
const meantBan = z.strictObject({ ban: text })
const ofKind = z.strictObject({ kind: z.enum(['allow', 'shared']) })
const exceptionOfKind = ofKind.extend({ cidr: text })
const meant = z.strictObject({ backend: text })
const meantWithChanges = z.strictObject({ backend: text, changes: z.unknown() })

export const verbs = {
  'user add': addMailbox,
  'user list': listMailboxes,
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
  'user grants': listGrants,
  'user revoke': revokeGrants,
  'user delete': async (services, input) => {
    const { name } = parseInput(named, input)
    await deleteMailbox(services, name)
    return { deleted: name }
  },
  'backend add': addBackend,
  'backend list': async ({ db, backends }) => {
    const states = new Map(backends.states().map(state => [state.backend.id, state]))
    const rows = await readBackends(db)
    return rows.map(({ id, ...row }) => ({ id, ...row, health: states.get(id)?.addresses ?? [] }))
  },
  'backend set': async (services, input) => {
    const { backend, changes } = parseInput(meantWithChanges, input)
    return setBackend(services, (await findBackend(services, backend)).id, changes)
  },
  'backend drain': async (services, input) => {
    const { id } = await findBackend(services, parseInput(meant, input).backend)
    return setBackend(services, id, { state: 'draining' })
  },
  'backend remove': async (services, input) => {
    const backend = await findBackend(services, parseInput(meant, input).backend)
    await removeBackend(services, backend.id)
    return { removed: backend }
  },
  'backend check': async (services, input) => {
    const backend = await findBackend(services, parseInput(meant, input).backend)
    return { backend, ...(await checkBackend(backend, services.settings.backend, services.clock)) }
  },
  'ban add': addBan,
  'ban list': (services, input) => listBans(services, parseInput(banQuery, input)),
  'ban show': (services, input) => showBan(services, parseInput(meantBan, input).ban),
  'ban remove': (services, input) => removeBan(services, parseInput(meantBan, input).ban),
  'exception add': addException,
  'exception list': (services, input) => listExceptions(services, parseInput(ofKind, input).kind),
  'exception remove': async (services, input) => {
    const { kind, cidr } = parseInput(exceptionOfKind, input)
    await removeException(services, kind, cidr)
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
