/** bcrypt in a thread of the hash pool. */
import { getPriority, setPriority } from 'node:os'
import { compareSync, hashSync } from 'bcryptjs'

// Below the event loop: hashing takes only the time that logins without a hash leave over. On Linux a priority
// belongs to a thread; elsewhere this call would slow the whole process. A process that was started with less
// priority keeps it: raising it again needs a privilege.
const niceness = 10
if (process.platform === 'linux' && getPriority() < niceness) setPriority(niceness)

export interface HashTask {
  password: string
  /** To compare with; a number = make a new one of that cost. */
  hash: string | number
}

export default function work({ password, hash }: HashTask): string | boolean {
  return typeof hash === 'number' ? hashSync(password, hash) : compareSync(password, hash)
}
