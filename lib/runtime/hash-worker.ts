/** bcrypt in a thread of the hash pool. */
import { setPriority } from 'node:os'
import { compareSync, hashSync } from 'bcryptjs'
import { bcryptCost } from '../mailbox/passwords.ts'

// Below the event loop: hashing takes only the time that logins without a hash leave over. On Linux a priority
// belongs to a thread; elsewhere this call would slow the whole process.
if (process.platform === 'linux') setPriority(10)

export interface HashTask {
  password: string
  /** null = make a new hash. */
  hash: string | null
}

export default function work({ password, hash }: HashTask): string | boolean {
  return hash === null ? hashSync(password, bcryptCost) : compareSync(password, hash)
}
