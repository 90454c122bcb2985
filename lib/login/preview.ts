/** Who would go where: how a login finds its backend, without a login. */
import { z } from 'zod'
import { type Directory, versionKey, type Weighing } from '../backend/directory.ts'
import { isActive } from '../backend/rules.ts'
import { states } from '../backend/shapes.ts'
import type { Database } from '../database/schema.ts'
import type { HotState } from '../hot-state/port.ts'
import { parseInput, text } from '../input.ts'
import { readAccount } from '../mailbox/account.ts'
import { canonicalName, domainOf } from '../mailbox/name.ts'
import { protocols } from '../mailbox/protocols.ts'
import { Refusal } from '../refusal.ts'
import { wantedRoute } from './rules.ts'

export const previewQuery = z.strictObject({
  /** Of a mailbox, or of one that is still to be. */
  user: text(1_000),
  protocol: z.enum(protocols, `must be one of ${protocols.join(', ')}`),
})

const candidate = z.strictObject({
  id: z.string(),
  host: z.string(),
  port: z.int(),
  weight: z.int(),
  tier: z.int(),
  state: z.enum(states),
  /** Those that are up now; of one that is not active nobody asks. */
  addresses_up: z.array(z.string()),
})

const reasons = ['the_only_one', 'by_weight', 'none_there', 'none_active', 'none_up'] as const

export const previewSchema = z.strictObject({
  /** Canonical. */
  user: z.string(),
  exists: z.boolean(),
  protocol: z.enum(protocols),
  /** '' = none. */
  domain: z.string(),
  /** Of the mailbox; null = none. */
  pool: z.string().nullable(),
  /** What the candidates are chosen by: the mailbox's pool, its domain, or being open to all. */
  by: z.enum(['pool', 'domain', 'open']),
  candidates: z.array(candidate),
  /** null = the login gets a temporary failure. */
  chosen: z.strictObject({ id: z.string(), host: z.string(), address: z.string(), port: z.int() }).nullable(),
  reason: z.enum(reasons),
  /** The same in words. */
  why: z.string(),
})
type Preview = z.infer<typeof previewSchema>

export interface PreviewServices {
  db: Database
  hot: HotState
  backends: Pick<Directory, 'weigh'>
  settings: { auth: { default_domain: string } }
}

/**
 * The same choice as a login on this node makes now.
 * @param input see `previewQuery`
 * @throws Refusal for a bad field, or what can be no name
 */
export async function previewRoute(services: PreviewServices, input: unknown): Promise<Preview> {
  const { user, protocol } = parseInput(previewQuery, input)
  const name = canonicalName(user, services.settings.auth.default_domain)
  if (name === null)
    throw new Refusal(
      'invalid',
      'user',
      'user must be a name that a mailbox can have, such as joe@example.org',
    )
  const known = await readAccount(services.db, name, null)
  const wanted = known
    ? wantedRoute(known.account, protocol)
    : { protocol, domain: domainOf(name), pool: null, user: name }
  const [version] = await services.hot.apply([{ op: 'read', key: versionKey }])
  const weighing = await services.backends.weigh(wanted, version)
  const { by, members, targets, choice } = weighing
  const upOf = new Map(targets.map(({ backend, addresses }) => [backend.id, addresses]))
  const { domain, pool } = wanted
  return {
    ...{ user: name, exists: known !== null, protocol, domain, pool, by },
    candidates: members.map(({ id, host, port, weight, tier, state }) => {
      return { id, host, port, weight, tier, state, addresses_up: upOf.get(id) ?? [] }
    }),
    chosen: choice && {
      id: choice.backend.id,
      host: choice.backend.host,
      address: choice.address,
      port: choice.port,
    },
    ...explainChoice(weighing),
  }
}

function explainChoice({ members, targets, choice }: Weighing): Pick<Preview, 'reason' | 'why'> {
  if (members.length === 0) return { reason: 'none_there', why: 'no backend holds this mailbox: add one' }
  if (!members.some(isActive))
    return { reason: 'none_active', why: 'all of its backends are draining or off: make one active' }
  if (choice === null)
    return {
      reason: 'none_up',
      why: 'none of its active backends is up: see their health, or check them now',
    }
  const { tier } = choice.backend
  const rivals = targets.filter(({ backend, addresses }) => backend.tier === tier && addresses.length > 0)
  if (rivals.length === 1)
    return { reason: 'the_only_one', why: `the only one that is active and up in the lowest tier, ${tier}` }
  return {
    reason: 'by_weight',
    why: `by weight among the ${rivals.length} that are active and up in the lowest tier, ${tier}; the same each time while they stay`,
  }
}
