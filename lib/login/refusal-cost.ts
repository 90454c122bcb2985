/**
 * What a refusal costs. A right password that is refused must not show: not by the time that the answer takes, and, where
 * it is as good as a wrong one, not by a count that stands still either.
 */
import type { Op } from '../hot-state/port.ts'
import { countUnknownGuess } from '../mailbox/familiar.ts'
import type { Credentials } from './attempt.ts'
import { hashOfNobody, type Proved } from './credentials.ts'
import { releaseOps } from './guessing.ts'
import { digestOf, ownerOf } from './proofs.ts'
import { type Hindrance, reasons } from './reasons.ts'
import type { Facts, RecallServices } from './recall.ts'

interface RefusalCost {
  /** The digest to count the password by; null = it is no guess, or was counted before. */
  guess: string | null
  hashed: boolean
  memories: Op[]
}

export async function settleRefusal(
  services: RecallServices,
  credentials: Credentials,
  facts: Facts,
  { password, memories, hashed }: Proved,
  reason: Hindrance,
): Promise<RefusalCost> {
  const { counts, hides } = reasons[reason]
  const isFirst = hides ? await hideRightPassword(services, credentials, facts, hashed) : hashed
  // What a stranger's guess costs besides its hash.
  if (hides && !counts && isFirst && !facts.guesser.familiar) await countUnknownGuess(services.db)
  // Another digest for the same password once the password was changed.
  const { credentialVersion } = ownerOf(facts.account)
  return {
    guess: counts && isFirst ? digestOf(services, credentials.name, password, credentialVersion) : null,
    hashed: hashed || (hides && isFirst),
    memories: [...memories, ...releaseOps(facts.guesser, facts.place, !counts)],
  }
}

/**
 * A hash the first time, none when the same string comes again, as for a wrong password.
 * @returns whether it is the first time
 */
async function hideRightPassword(
  services: RecallServices,
  { name, password }: Credentials,
  { digest }: Facts,
  hashed: boolean,
): Promise<boolean> {
  const key = `refused:${digest}`
  const [seen] = await services.hot.apply([
    { op: 'read', key },
    // Renewed each time, as the outcome of a wrong password is.
    { op: 'write', key, value: 'seen', ttlMs: services.settings.auth.cache_ttl },
  ])
  if (seen !== null) return false
  if (!hashed) await services.passwords.verify(password, hashOfNobody(services, name))
  return true
}
