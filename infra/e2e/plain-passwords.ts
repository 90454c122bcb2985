/** Passwords that nobody hashes: what bcrypt makes has tests of its own; here only how often it is asked matters. */
import type { Passwords } from '../../lib/mailbox/passwords.ts'

const plainly = (password: string) => `plain ${password}`

/**
 * @param hashed called for every computation on the way of a login, which waits for it
 * @param verify what becomes of a comparison; the default compares plainly
 */
export const plainPasswords = (
  hashed: () => unknown,
  verify: Passwords['verify'] = async (password, hash) => plainly(password) === hash,
): Passwords => ({
  hash: async password => plainly(password),
  async verify(password, hash) {
    await hashed()
    return verify(password, hash)
  },
  async hashInTurn(password) {
    await hashed()
    return plainly(password)
  },
})
