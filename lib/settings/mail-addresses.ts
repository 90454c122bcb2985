/** Mail addresses that we write to, or in the name of. */
import { canonicalDomain } from '../domain.ts'
import { type ValueType, valueType } from './values.ts'

/** RFC 5321's dot-string, with RFC 6531's letters: what needs quotes is not written to, so nothing ever has to be quoted. */
const localPart =
  /^[\w!#$%&'*+\-/=?^`{|}~\u{a1}-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u{a1}-\u{10ffff}]+)*$/u
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u

/** @returns the address with its domain as an A-label, null when it is none that we write to */
export function readMailAddress(text: string): string | null {
  const at = text.lastIndexOf('@')
  const [local, domain] = [text.slice(0, at), canonicalDomain(text.slice(at + 1))]
  if (at < 1 || domain === null || Buffer.byteLength(local) > 64) return null
  if (!localPart.test(local) || hidden.test(local)) return null
  const address = `${local}@${domain}`
  return Buffer.byteLength(address) <= 254 ? address : null
}

export interface Sender {
  /** '' = none is shown. */
  name: string
  address: string
}

/** `address` or `Name <address>`; null = it is neither. */
export function readSender(text: string): Sender | null {
  const [, name = '', inBrackets] = /^([^<>"\p{Cc}]{0,64}?)\s*<([^<>]+)>$/u.exec(text) ?? []
  const address = readMailAddress(inBrackets ?? text)
  return address === null ? null : { name, address }
}

/** Whom mails are from, or empty for nobody. */
export const senderOrNone: ValueType<string> = valueType({ type: 'sender' }, text => {
  const value = text.trim()
  if (value === '' || readSender(value) !== null) return value
  return { rejected: 'is not a sender; write gateway@example.org or Mail gateway <gateway@example.org>' }
})

const mostAddresses = 20

/** A comma-separated list of mail addresses; empty means none. */
export const mailAddresses: ValueType<string[]> = valueType(
  { type: 'mail_addresses', max: mostAddresses },
  text => {
    if (text.trim() === '') return []
    const addresses = text.split(',').map(part => readMailAddress(part.trim()))
    if (addresses.length <= mostAddresses && addresses.every(address => address !== null)) return addresses
    return {
      rejected: `is not allowed; write 1 to ${mostAddresses} addresses, as a@example.org, b@example.org`,
    }
  },
  addresses => addresses.join(','),
)
