/** One user, one name: every spelling of a mailbox name leads to the same text, or to none. */
import { canonicalDomain } from '../domain.ts'
import { memoize } from '../memoize.ts'

const maxBytes = 255

/** Control, formatting (invisible) and line-breaking characters: two names could look alike, or split a line. */
const hiddenCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const spaceAtAnEnd = /^\s|\s$/u

/**
 * The canonical name: key of every lookup, counter, cache entry and log row.
 * Lower case, NFC, the domain as an A-label (RFC 5890), the default domain where none was given. Idempotent.
 * @param text as the client sent it, or as an administrator typed it
 * @param defaultDomain '' = names without a domain stay so
 * @returns null when no mailbox can have that name: empty, over 255 bytes, blank at an end, hidden characters, or a
 *   domain that is none
 */
export const canonicalName = (text: string, defaultDomain: string): string | null =>
  nameOf(`${defaultDomain}\0${text}`)

const nameOf = memoize(domainAndText => {
  const end = domainAndText.indexOf('\0')
  return workOutName(domainAndText.slice(end + 1), domainAndText.slice(0, end))
})

function workOutName(text: string, defaultDomain: string): string | null {
  if (text === '' || hiddenCharacters.test(text) || spaceAtAnEnd.test(text)) return null
  const at = text.lastIndexOf('@')
  const local = foldCase(at < 0 ? text : text.slice(0, at))
  const domain = at < 0 ? defaultDomain : canonicalDomain(text.slice(at + 1))
  if (local === '' || spaceAtAnEnd.test(local) || domain === null) return null
  const name = domain === '' ? local : `${local}@${domain}`
  return Buffer.byteLength(name) <= maxBytes ? name : null
}

/** The domain of a canonical name, '' if it has none. */
export function domainOf(name: string): string {
  const at = name.lastIndexOf('@')
  return at < 0 ? '' : name.slice(at + 1)
}

/** Some letters change again when they are composed after being lowered: repeat until nothing moves. */
function foldCase(text: string): string {
  const folded = text.normalize('NFC').toLowerCase().normalize('NFC')
  return folded === text ? folded : foldCase(folded)
}
