/** What the operation log has of sign-ins that failed: so much that nobody misses an attack, and no flood of rows. */
import type { HotState } from '../hot-state/port.ts'
import { type RecordServices, recorded, recordRefused } from '../operation/record.ts'
import type { Guess } from './guessing.ts'
import type { FailureReason } from './sign-in.ts'

export interface SignInLogServices extends RecordServices {
  hot: HotState
}

/** Rows in a window of time, of one network and of all. */
const mostOfNetwork = 20
const mostOfAll = 200
const windowMs = 10 * 60_000

const messages: Record<FailureReason, string> = {
  unknown_name: 'there is no administrator of that name',
  wrong_password: 'the password is wrong',
  wrong_code: 'the one-time code is wrong',
  code_missing: 'right password, but without a one-time code',
  code_spent: 'right password, but the one-time code was used before',
  disabled: 'right password, but the administrator is disabled',
  locked: 'locked after wrong passwords',
  too_many_guesses: 'too many passwords are tried at once',
  throttled: 'its network has tried too many wrong passwords',
  changed_meanwhile: 'the password or the account was changed at the same moment',
}

/**
 * A row for a failed sign-in, unless there were many lately. A name that nobody has is left out: people type passwords
 * in its place.
 */
export async function noteFailedSignIn(
  services: SignInLogServices,
  { name, adminId, network }: Guess,
  code: FailureReason,
): Promise<void> {
  const room = await takeRoom(services, network)
  if (room < 0) return
  const more = room === 0 ? '; further ones are left out for up to 10 minutes' : ''
  await recordRefused(services, 'sign-in', adminId === null ? '' : name, {
    code,
    message: messages[code] + more,
  })
}

/**
 * Keeps a lock beyond a restart, with its row. A name that nobody has is locked in the hot state only; that costs the
 * same.
 */
export async function noteLock(services: SignInLogServices, guess: Guess, until: number): Promise<void> {
  const { name, adminId, network, familiar } = guess
  if (adminId === null && (await takeRoom(services, network)) < 0) return
  await recorded(services, 'sign-in lock', async trx => {
    await (familiar
      ? trx
          .updateTable('admin_networks')
          .set({ locked_until: until })
          .where('admin_id', '=', adminId!)
          .where('network', '=', network!)
      : trx
          .updateTable('admin')
          .set({ locked_until: until })
          .where('id', '=', adminId ?? '')
    ).execute()
    const after = { locked_until: until, from: familiar ? network : 'strangers' }
    return { target: adminId === null ? '' : name, before: null, after, result: undefined }
  })
}

/** @returns how many rows may follow this one; less than none = not even this one */
async function takeRoom({ hot }: SignInLogServices, network: string | null): Promise<number> {
  const [ofNetwork, ofAll] = await hot.apply([
    { op: 'increment', key: `admin-noted:${network ?? ''}`, ttlMs: windowMs },
    { op: 'increment', key: 'admin-noted', ttlMs: windowMs },
  ])
  return Math.min(mostOfNetwork - ofNetwork, mostOfAll - ofAll)
}
