/** What people do with the one-time codes and grants of a mailbox. Every change is effective at the next login. */
import { z } from 'zod'
import type { GrantRow, User } from '../database/schema.ts'
import { parseInput, text } from '../input.ts'
import { Refusal } from '../refusal.ts'
import { totpPlace } from './account.ts'
import { findStep } from './codes.ts'
import type { Enrolled, Mailbox } from './mailbox.ts'
import { change, type MailboxServices, type Meant, showMailbox } from './manage.ts'
import { grantEnd, isLive } from './rules.ts'
import { makeTotp } from './totp-secret.ts'

const named = z.strictObject({ name: text() })
const confirmation = named.extend({
  /** null: an administrator vouches for it. */
  code: text()
    .regex(/^\d{6}$/, 'must be the 6 digits that the app shows now; without them: --force')
    .nullable(),
})
const meantGrant = named.extend({ grant: text().optional() })

/**
 * Makes a secret, or another one while it is not confirmed. Until `confirmTotp` logins go on without codes.
 * @throws Refusal when codes are in force already
 */
export async function enableTotp(services: MailboxServices, input: unknown): Promise<Enrolled> {
  const { name } = parseInput(named, input)
  return enrol(services, { action: 'user totp enable', name }, before => {
    if (before.totp_confirmed === 1) {
      throw new Refusal(
        'conflict',
        'name',
        `${before.name} needs codes already; user totp reset makes a new secret`,
      )
    }
    return {}
  })
}

/** Another secret in place of the one in force, for a lost phone: from now on logins need codes of the new one. */
export async function resetTotp(services: MailboxServices, input: unknown): Promise<Enrolled> {
  const { name } = parseInput(named, input)
  return enrol(services, { action: 'user totp reset', name }, (before, version) => {
    if (before.totp_confirmed === 0) {
      throw new Refusal(
        'conflict',
        'name',
        `${before.name} needs no codes yet; user totp enable makes a secret`,
      )
    }
    return { credential_version: version }
  })
}

async function enrol(
  services: MailboxServices,
  meant: Meant,
  changesOf: (before: User, version: number) => Partial<User>,
): Promise<Enrolled> {
  let otpauth = ''
  const mailbox = await change(
    services,
    meant,
    (version, before) => {
      const changes = changesOf(before, version)
      const made = makeTotp(services, before.id, before.name)
      otpauth = made.otpauth
      // The new secret has codes of its own: none of them was used.
      return { ...changes, totp_secret: made.sealed, totp_last_step: 0 }
    },
    async () => ({ codes: 'of a new secret' }),
  )
  services.notices.add({ kind: 'totp_enrolled', user: mailbox.name, address: '', network: '', event: '' })
  return { ...mailbox, otpauth }
}

/**
 * Puts a pending secret in force, once a code shows that the owner has it; the code is spent by that.
 * @throws Refusal when nothing is pending, or the code is not one of now
 */
export async function confirmTotp(services: MailboxServices, input: unknown): Promise<Mailbox> {
  const { name, code } = parseInput(confirmation, input)
  return change(services, { action: 'user totp confirm', name }, (credential_version, before) => {
    if (before.totp_secret === null || before.totp_confirmed === 1) {
      throw new Refusal(
        'conflict',
        'name',
        `no new secret of ${before.name} waits to be confirmed; see user show`,
      )
    }
    const changes = { totp_confirmed: 1, credential_version } as const
    if (code === null) return changes
    const secret = services.sealer.open(before.totp_secret, totpPlace(before.id))
    const step = findStep(secret, code, services.clock(), -1)
    if (step !== null) return { ...changes, totp_last_step: step }
    throw new Refusal(
      'invalid',
      'code',
      'code is not the one of now; type the next one, and look at the clocks of phone and gateway',
    )
  })
}

/** Logins need no code any more, and the secret is gone. */
export async function disableTotp(services: MailboxServices, input: unknown): Promise<Mailbox> {
  const { name } = parseInput(named, input)
  return change(services, { action: 'user totp disable', name }, (version, before) => ({
    totp_secret: null,
    totp_confirmed: 0,
    // A pending secret let nobody in, so its end shuts nobody out.
    ...(before.totp_confirmed === 1 && { credential_version: version }),
  }))
}

export const grantSchema = z.strictObject({
  id: z.string(),
  network: z.string().describe('The /24 or /48, "" for clients without an address.'),
  state: z
    .enum(['live', 'ended'])
    .describe('ended: by time, by a revocation, or because password or codes were changed.'),
  roamed: z
    .boolean()
    .describe('Whether it came along from another network instead of having a code of its own.'),
  created_at: z.int(),
  used_at: z.int(),
  ends_at: z.int().describe('When it ends, or ended, without further use.'),
})
export type Grant = z.infer<typeof grantSchema>

/** Newest first. @throws Refusal if there is no such mailbox */
export async function listGrants(services: MailboxServices, input: unknown): Promise<Grant[]> {
  const { id } = await showMailbox(services, parseInput(named, input).name)
  const rows = await services.db
    .selectFrom('grants')
    .innerJoin('users', 'users.id', 'grants.user_id')
    .selectAll('grants')
    .select('users.credential_version as current')
    .where('user_id', '=', id)
    .orderBy('grants.created_at', 'desc')
    .orderBy('grants.id', 'desc')
    .execute()
  return rows.map(row => toGrant(row, row.current, services))
}

function toGrant(row: GrantRow, credentialVersion: number, { settings, clock }: MailboxServices): Grant {
  return {
    id: row.id,
    network: row.network,
    state: isLive(row, credentialVersion, clock(), settings.totp) ? 'live' : 'ended',
    roamed: row.roamed === 1,
    created_at: row.created_at,
    used_at: row.used_at,
    ends_at: row.ended_at ?? grantEnd(row, settings.totp),
  }
}

/**
 * Ends one grant, or all of a mailbox. The rows stay, so that phones with the old string are not taken for guessers.
 * @returns how many were ended
 * @throws Refusal if there is no such mailbox or grant
 */
export async function revokeGrants(services: MailboxServices, input: unknown): Promise<{ revoked: number }> {
  const { name, grant } = parseInput(meantGrant, input)
  let revoked = 0
  // The row's new version kills every copy of a grant; while it is locked no login makes another grant of an old string.
  const unchanged = () => ({})
  await change(services, { action: 'user revoke', name }, unchanged, async (trx, { id, name: mailbox }) => {
    const { numUpdatedRows } = await trx
      .updateTable('grants')
      .set({ ended_at: services.clock() })
      .where('user_id', '=', id)
      .where('ended_at', 'is', null)
      .$if(grant !== undefined, query => query.where('id', '=', grant!))
      .executeTakeFirst()
    revoked = Number(numUpdatedRows)
    if (grant === undefined || revoked > 0) return { revoked }
    const why = `no grant ${grant} of ${mailbox} could be revoked; see user grants`
    throw new Refusal('not_found', 'grant', why)
  })
  return { revoked }
}
