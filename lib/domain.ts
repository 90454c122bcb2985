/** What a DNS name is, wherever one is typed: in a mailbox's name, a setting, a backend's host or domain. */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/
const longest = 253

/** As most come, and as it is returned: at least two labels, the last of letters, none of them encoded. */
const plainName = /^(?:(?!xn--)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,63}$/

/** What the URL rules behind `domainToASCII` would take for something else than part of a host name. */
const notInAName = /[%/?#:@\\[\]\s]/

/**
 * Lower-case A-labels (RFC 5890), one final dot dropped: `例子.CN.` is `xn--fsqu00a.cn`. Idempotent.
 * @returns null when it is no name; an address, or numbers that could be read as one (`127.1`), are none
 */
export function canonicalDomain(text: string): string | null {
  if (plainName.test(text) && text.length <= longest) return text
  const typed = text.replace(/\.$/, '')
  if (notInAName.test(typed) || /^[0-9.]*$/.test(typed)) return null
  const name = domainToASCII(typed)
  return name.length <= longest && isIP(name) === 0 && name.split('.').every(part => label.test(part))
    ? name
    : null
}
