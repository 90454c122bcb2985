/** What is known of guessing when a login begins. */
import type { AddressStanding } from '../ban/list.ts'
import type { ShutReason } from './strangers.ts'

/** What guessing has led to, as far as it concerns this attempt. */
export interface Guard {
  standing: AddressStanding
  /** Whether the user has logged in from this network lately. */
  familiar: boolean
  /** The short lock of the user for strangers, and that of this familiar network. */
  lockedToStrangers: boolean
  lockedHere: boolean
  /** Whether as many passwords as are allowed are being looked at, or were wrong. */
  full: boolean
  /** Why only familiar networks pass for a while. */
  shut: ShutReason | null
  /** Wrong passwords of strangers since the last success of one, and how many shut the user to them. */
  guesses: number
  mostGuesses: number
  /** Whether this network is half way to a ban: its wrong answers come slowly. */
  slow: boolean
}
