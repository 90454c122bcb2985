/** A small share of the hash pool for the admin plane: mail logins must not wait behind a flood of sign-ins or of changes. */
import type { AdminPasswords } from '../admin/passwords.ts'
import { HashBusy, type Passwords } from '../mailbox/passwords.ts'

/** So many wait for their turn; whoever comes then is turned away at once. A sign-in takes 330 ms, a new mailbox 80. */
const mostSignIns = 6
const mostNew = 60

/**
 * The same passwords, but of comparisons for strangers one is made at a time, of those for administrators in a network of
 * theirs one, and of new hashes one: between two of a kind the pool serves what has come meanwhile. Each kind waits for its
 * own: a flood of sign-ins keeps no administrator out who has signed in from there before, and holds up no change of a
 * password.
 */
export function limitShare<P extends Passwords>(passwords: P): P & AdminPasswords {
  const compare = createLane(mostSignIns)
  const compareFamiliar = createLane(mostSignIns)
  const make = createLane(mostNew)
  return {
    ...passwords,
    verify: (password: string, hash: string, familiar = false) =>
      (familiar ? compareFamiliar : compare)(() => passwords.verify(password, hash)),
    hash: (password, cost) => make(() => passwords.hash(password, cost)),
  }
}

/** @returns what does one piece of work after the other, and throws HashBusy when too many wait */
function createLane(mostWaiting: number) {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return async <T>(work: () => Promise<T>): Promise<T> => {
    // The one that is being made counts too.
    if (waiting > mostWaiting) throw new HashBusy(`${waiting} passwords wait to be looked at`)
    waiting++
    const turn = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    try {
      await turn
      return await work()
    } finally {
      waiting--
      resolve()
    }
  }
}
