/** bcrypt in the calling thread: for a cloud function, whose instance serves one request at a time. */
import { compare, hash } from 'bcryptjs'
import { bcryptCost, type Passwords } from '../mailbox/passwords.ts'

export const inlineHashing: Passwords = {
  hash: (password, cost = bcryptCost) => hash(password, cost),
  verify: compare,
  hashInTurn: password => hash(password, bcryptCost),
}
