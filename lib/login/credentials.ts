/** Whether a name and a password belong together: the outcome of an earlier comparison, or exactly one hash. */
import type { Op } from '../hot-state/port.ts'
import { hashOfNobody } from '../mailbox/passwords.ts'
import { maxPasswordBytes } from '../mailbox/rules.ts'
import { verifyStored } from '../mailbox/stored-password.ts'
import type { Credentials, Verdict } from './attempt.ts'
import { takePlace } from './guessing.ts'
import { accountWrite, digestOf, ownerOf, proofKey, proofWrite, readFreshProof, renewal } from './proofs.ts'
import type { Facts, RecallServices } from './recall.ts'
import { concludeProof } from './rules.ts'
import { readCode } from './totp.ts'

/** What `prove` found. */
export interface Proved {
  proof: Verdict
  /** What was looked at: all that was sent, or what stood before a code. */
  password: string
  /** What makes the next time cheap; to be written when the attempt is settled, whatever becomes of it. */
  memories: Op[]
  /** Whether it cost a hash. */
  hashed: boolean
}

/**
 * Shows whether the password, and the code where one is needed, are the user's. An unknown user costs what a known one
 * costs, and so do users with and without codes.
 * @throws HashBusy, or whatever the hot state throws
 */
export async function prove(
  services: RecallServices,
  credentials: Credentials,
  facts: Facts,
  now: number,
): Promise<Proved> {
  const { account, grant } = facts
  const copy = facts.warm || !account ? [] : [accountWrite(services, account, now)]
  const { password, code, known } =
    account && grant
      ? { password: credentials.password, code: { kind: 'granted', grant } as const, known: true }
      : readCode(services, credentials, facts, now)
  const conclude = (right: boolean) => concludeProof(account, right, code, facts.strings.length > 0)
  if (known) return { proof: conclude(true), password, memories: copy, hashed: false }

  const isWhole = password === credentials.password
  const digest = isWhole ? facts.digest : digestOf(services, credentials.name, password, 0)
  const proof = isWhole ? facts.proof : await recallProof(services, digest, facts, now)
  if (proof) {
    const memories = [...copy, ...renewal(services, digest, proof, now)]
    return { proof: conclude(proof.right), password, memories, hashed: false }
  }

  if (facts.place.own.outcome === 'skipped' && !(await takePlace(services, facts)))
    return { proof: { reason: 'too_many_guesses' }, password, memories: [], hashed: false }
  const right = (await compare(services, credentials, password, facts)) && account !== null
  const outcome = { ...ownerOf(account), right, provedAt: now, writtenAt: now }
  const memories = [proofWrite(services, digest, outcome)]
  if (right) memories.push(accountWrite(services, account, now))
  return { proof: conclude(right), password, memories, hashed: true }
}

async function recallProof(services: RecallServices, digest: string, { account }: Facts, now: number) {
  const [stored] = await services.hot.apply([{ op: 'read', key: proofKey(digest) }])
  return readFreshProof(services, stored, account, now)
}

/** One hash, whatever is compared. */
async function compare(
  services: RecallServices,
  { name }: Credentials,
  password: string,
  { account, passwordHash }: Facts,
): Promise<boolean> {
  // What is longer than any password only looked like one with a code.
  const hash = Buffer.byteLength(password) > maxPasswordBytes ? null : passwordHash
  return verifyStored(services, account?.id ?? '', password, hash ?? hashOfNobody(services.digest, name))
}
