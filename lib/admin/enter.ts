/** What a sign-in that nothing stands in the way of leads to. */
import type { KeyObject } from 'node:crypto'
import type { Transaction } from 'kysely'
import { orChange } from '../database/dialect.ts'
import type { AdminRow, Tables } from '../database/schema.ts'
import type { HotState, Op } from '../hot-state/port.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import type { Settings } from '../settings/definitions.ts'
import { type Guess, successOps } from './guessing.ts'
import { adminCost, costOf } from './passwords.ts'
import { openSession, type Session } from './sessions.ts'

export interface EnterServices extends RecordServices {
  tokenKey: KeyObject
  hot: HotState
  passwords: Pick<Passwords, 'hash'>
  settings: Pick<Settings, 'jwt'>
}

export interface Entered {
  session: Session
  refresh_token: string
}

interface Entering {
  /** Of the code to be spent; null = none is needed. */
  step: number | null
  password: string
  userAgent: string
  /** What gives the places back. */
  places: Op[]
}

class Overtaken extends Error {}

/**
 * Spends the code, clears the failures, remembers the network and opens the session, with its row of the operation log:
 * in one step. A hash of a lower cost than ours gives way to a better one.
 * @returns null when the code was spent, or the password or the account changed, since it was looked at; then nothing
 *   has been done
 */
export async function enter(
  services: EnterServices,
  admin: AdminRow,
  guess: Guess,
  { step, password, userAgent, places }: Entering,
): Promise<Entered | null> {
  const { id: admin_id, username, role, password_hash } = admin
  const { address } = services.actor
  const better =
    costOf(password_hash) < adminCost
      ? await services.passwords.hash(password.normalize('NFC'), adminCost)
      : password_hash
  const now = services.clock()
  try {
    const named = { ...services, actor: { name: username, address } }
    const opened = await recorded(named, 'sign-in', async trx => {
      const { numUpdatedRows } = await trx
        .updateTable('admin')
        .set({
          last_signed_in_at: now,
          password_hash: better,
          ...(step !== null && { totp_last_step: step }),
          ...(!guess.familiar && { locked_until: null }),
        })
        .where('id', '=', admin_id)
        .where('enabled', '=', 1)
        .where('password_hash', '=', password_hash)
        .$if(step !== null, query => query.where('totp_last_step', '<', step!))
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new Overtaken()
      if (guess.network !== null) await rememberNetwork(trx, admin_id, guess.network, now)
      const client = { address, user_agent: userAgent }
      const result = await openSession(
        services,
        trx,
        admin_id,
        client,
        services.settings.jwt.refresh_expiration,
      )
      return { target: username, before: null, after: { session: result.id }, result }
    })
    await services.hot.apply([...places, ...successOps(guess)])
    const must_change_password = admin.must_change_password === 1
    return {
      session: { id: opened.id, admin_id, username, role, must_change_password },
      refresh_token: opened.refresh_token,
    }
  } catch (error) {
    if (error instanceof Overtaken) return null
    throw error
  }
}

async function rememberNetwork(
  trx: Transaction<Tables>,
  admin_id: string,
  network: string,
  now: number,
): Promise<void> {
  await trx
    .insertInto('admin_networks')
    .values({ admin_id, network, last_success_at: now })
    .$call(orChange(trx, ['admin_id', 'network'], { last_success_at: now, locked_until: null }))
    .execute()
}
