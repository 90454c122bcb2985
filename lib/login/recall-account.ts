/** What is known of an account, and of the string that was sent for it. */
import type { AddressStanding } from '../ban/list.ts'
import { isAway } from '../database/dialect.ts'
import { readAccount, readCopy } from '../mailbox/account.ts'
import { readGrants } from '../mailbox/grants.ts'
import { endsInCode } from '../mailbox/rules.ts'
import type { Credentials } from './attempt.ts'
import { readMark } from './marks.ts'
import { isFresh, readFreshProof, readProof } from './proofs.ts'
import type { RecallServices } from './recall.ts'
import { grantDigests, grantHere, readGrantCopy } from './totp.ts'

/** From the hot state where that knows all of it, else from SQL. */
export async function recallAccount(
  services: RecallServices,
  credentials: Credentials,
  network: string | null,
  {
    copy,
    storedProof,
    storedGrant,
    mark,
  }: Record<'copy' | 'storedProof' | 'storedGrant' | 'mark', string | null>,
  standing: AddressStanding,
  now: number,
) {
  const accountCopy = readCopy(copy)
  const account = accountCopy?.account ?? null
  const grantCopy = readGrantCopy(services, storedGrant, account, now)
  const remembered = {
    account,
    warm: true,
    passwordHash: null,
    totpSecret: null,
    lastStep: 0,
    proof: readProof(services, storedProof, account, now),
    grant: grantCopy?.grant ?? null,
    strings: [],
    familiarSince: account ? readMark(mark, account) : null,
  }
  const { proof, grant, familiarSince } = remembered
  // What is wrong and looks like one with a code may have been good once: SQL knows.
  const isKnown = proof !== null && (proof.right || !endsInCode(credentials.password))
  const isProven = account !== null && (account.totp ? grant !== null : isKnown)
  const shownAt = account?.totp ? grantCopy?.writtenAt : proof?.writtenAt
  const isFreshly = (at: number | undefined) => at !== undefined && isFresh(services, at, now)
  const isCurrent = isProven && isFreshly(accountCopy?.readAt) && isFreshly(shownAt)
  if (isCurrent && (familiarSince !== null || network === null)) return remembered
  // A banned flood must stay cheap, and that ban holds whoever it is.
  if (standing.ban?.event_type === 'manual') return { ...remembered, warm: false }

  try {
    return await readFromSql(services, credentials, network, storedProof, now)
  } catch (error) {
    // While nobody can be asked, what is no longer fresh is believed: for as long as it is kept.
    if (isProven && isAway(error)) return remembered
    throw error
  }
}

async function readFromSql(
  services: RecallServices,
  credentials: Credentials,
  network: string | null,
  storedProof: string | null,
  now: number,
) {
  const known = await readAccount(services.db, credentials.name, network)
  const account = known?.account ?? null
  // For everyone whose password looks like one with a code: time does not tell who has codes.
  const strings = endsInCode(credentials.password)
    ? await readGrants(services.db, account?.id ?? null, grantDigests(services, credentials))
    : []
  return {
    account,
    warm: false,
    passwordHash: known?.passwordHash ?? null,
    totpSecret: known?.totpSecret ?? null,
    lastStep: known?.lastStep ?? 0,
    proof: readFreshProof(services, storedProof, account, now),
    grant: grantHere(services, account, strings, network, now),
    strings,
    familiarSince: known?.familiarSince ?? null,
  }
}
