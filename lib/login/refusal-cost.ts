/**
 * What a refusal costs. A right password that is refused must not show: not by the time that the answer takes, and, where
 * it is as good as a wrong one, not by a count that stands still either.
 */
import type { Op } from '../hot-state/port.ts'
import { countUnknownGuess } from '../mailbox/familiar.ts'
import { hashOfNobody } from '../mailbox/passwords.ts'
import type { Credentials } from './attempt.ts'
import type { Proved } from './credentials.ts'
import { releaseOps } from './guessing.ts'
import { digestOf, ownerOf } from './proofs.ts'
import { type Ending, type Hindrance, reasons } from './reasons.ts'
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
  const { counts = false, hides = false }: Ending = reasons[reason]
  const wasSeen = await noteRefusal(services, facts, hides)
  const isFirst = hides ? !wasSeen : hashed
  // A hash the first time, none when the same string comes again, as for a wrong password.
  if (hides && isFirst && !hashed)
    await services.passwords.verify(credentials.password, hashOfNobody(services.digest, credentials.name))
  if (hides && isFirst && !counts) await spendAsGuess(services, facts)
  // Another digest for the same password once the password was changed.
  const { credentialVersion } = ownerOf(facts.account)
  return {
    guess: counts && isFirst ? digestOf(services, credentials.name, password, credentialVersion) : null,
    hashed: hashed || (hides && isFirst),
    memories: [...memories, ...releaseOps(facts.guesser, facts.place, !counts)],
  }
}

/** @returns whether a right password was refused for the same string before; looked up for wrong ones as well */
async function noteRefusal(
  { hot, settings }: RecallServices,
  { digest }: Facts,
  hides: boolean,
): Promise<boolean> {
  const key = `refused:${digest}`
  const [seen] = await hot.apply([
    { op: 'read', key },
    // Renewed each time, as the outcome of a wrong password is.
    ...(hides ? [{ op: 'write', key, value: 'seen', ttlMs: settings.auth.cache_ttl } as const] : []),
  ])
  return seen !== null
}

/** What `settleWrong` costs besides the hash: as many round trips, one after the other, and as durable a count. */
async function spendAsGuess({ hot, db }: RecallServices, { digest, guesser }: Facts): Promise<void> {
  const look = () => hot.apply([{ op: 'read', key: `refused:${digest}` }])
  await look()
  if (guesser.familiar) return
  await look()
  await countUnknownGuess(db)
  if (guesser.network !== null) await look()
}
