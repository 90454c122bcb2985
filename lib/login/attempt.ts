/** What goes into a decision about one login, and what comes out. */
import type { Choice } from '../backend/rules.ts'
import type { GrantRow } from '../database/schema.ts'
import type { Account } from '../mailbox/account.ts'
import type { Protocol } from '../mailbox/protocols.ts'
import type { Hindrance, RefuseReason } from './reasons.ts'

/** One auth attempt of a mail client, as nginx reported it. */
export interface Attempt {
  /** UUIDv7: the request id and the key of the audit row. */
  id: string
  /** UTC milliseconds. */
  receivedAt: number
  /** null = nginx named none that we know. */
  protocol: Protocol | null
  /** `Auth-Method`, lower case; '' if unreadable. */
  method: string
  /** As the client sent it; '' if unreadable or of no meaning for the method. */
  user: string
  /** As the client sent it; '' likewise. */
  password: string
  /** Normalised IP address, `unix:`, or '' if unusable. */
  clientAddress: string
  /** `Auth-Login-Attempt`: 1 for the first in the client's connection. */
  number: number
  /** TLS version of the client's connection, '' = plain text. */
  tls: string
  /** What is already wrong with the request itself; then nothing else is looked at. */
  fault: RefuseReason | null
}

export type Decision = Acceptance | Rejection

export interface Acceptance {
  kind: 'accept'
  route: Choice
  backendLogin: string
  /** What the backend is told instead of the password that the client sent; null = that one. */
  backendPassword: string | null
}

/** `refuse`: wrong until something changes; `later`: not now (see reasons.ts). */
export interface Rejection {
  kind: 'refuse' | 'later'
  reason: Hindrance
  /** How long nginx holds the error back; null = it closes the client's connection. */
  waitSeconds: number | null
}

/** What shows, beside the password, that it is the user: */
export type Code =
  /** nothing, because the mailbox needs no code. */
  | { kind: 'none' }
  /** The string is good in this network already. */
  | { kind: 'granted'; grant: GrantRow }
  /** A code that is still to be spent. */
  | { kind: 'fresh'; step: number }
  /** The string is good in another network, and may come along. */
  | { kind: 'roaming'; origin: GrantRow }

/** Who was shown to be there, or what stands in the way. */
export type Verdict = { account: Account; code: Code } | { reason: Hindrance }

/** What is left of an attempt that is worth a look at the account. */
export interface Credentials {
  /** Canonical. */
  name: string
  /** In NFC, with the code behind it if there is one. */
  password: string
  protocol: Protocol
}
