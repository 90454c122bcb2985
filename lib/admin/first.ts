/** The first administrator: of a gateway without any, somebody has to be able to sign in. */
import { takeVersion } from '../database/version.ts'
import type { Passwords } from '../mailbox/passwords.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { newUsername } from './admin.ts'
import { describe } from './change.ts'
import { makeRow } from './manage.ts'
import { adminCost, makeOneTimePassword, parseAdminPassword } from './passwords.ts'

export interface First {
  username: string
  /** To be shown this once, and changed at the first sign-in; null = the password that was chosen. */
  one_time_password: string | null
  /** Why the chosen password was not taken. */
  refused: string | null
}

class NotFirst extends Error {}

/**
 * Makes a superadmin where there is no administrator at all; of gateways that start at the same moment one does.
 * @param chosen the password that the operator has set; '' = a random one. One that may not be set gives way to it too.
 * @returns null when there is an administrator
 */
export async function makeFirstAdmin(
  services: RecordServices & { passwords: Pick<Passwords, 'hash'> },
  wantedName: string,
  chosen: string,
): Promise<First | null> {
  const { db, passwords, clock } = services
  if (await db.selectFrom('admin').select('id').limit(1).executeTakeFirst()) return null
  const username = newUsername.safeParse(wantedName).data ?? 'admin'
  const { password, refused } = readChosen(chosen)
  const one_time_password = password === null ? makeOneTimePassword() : null
  const password_hash = await passwords.hash(password ?? one_time_password!, adminCost)
  try {
    await recorded(services, 'admin add', async trx => {
      const version = await takeVersion(trx, 'admin_version')
      if (await trx.selectFrom('admin').select('id').limit(1).executeTakeFirst()) throw new NotFirst()
      const row = {
        ...makeRow({ username, role: 'superadmin', password_hash, version, now: clock() }),
        must_change_password: one_time_password === null ? (0 as const) : (1 as const),
      }
      await trx.insertInto('admin').values(row).execute()
      return { target: username, before: null, after: describe(row), result: undefined }
    })
  } catch (error) {
    if (error instanceof NotFirst) return null
    throw error
  }
  return { username, one_time_password, refused }
}

function readChosen(text: string): { password: string | null; refused: string | null } {
  if (text === '') return { password: null, refused: null }
  try {
    return { password: parseAdminPassword(text), refused: null }
  } catch (error) {
    if (error instanceof Refusal) return { password: null, refused: error.message }
    throw error
  }
}
