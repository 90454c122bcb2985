/** Addresses and prefixes: how they are written, and which belong together. No I/O, no clock. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ReturnType<typeof ipaddr.process>

/** A prefix in its one spelling, such as `192.0.2.0/24` or `2001:db8::/48`. */
export interface Prefix {
  text: string
  family: 'ipv4' | 'ipv6'
  length: number
  /** The address bits that count, as a number. */
  bits: bigint
}

/**
 * @param text address or CIDR; IPv4 inside IPv6 is read as IPv4, bits beyond the prefix are dropped
 * @returns null when it is neither
 */
export function parsePrefix(text: string): Prefix | null {
  const [address = '', length, ...more] = text.trim().split('/')
  if (more.length > 0 || !isAddress(address) || (length !== undefined && !/^\d{1,3}$/.test(length)))
    return null
  const parsed = ipaddr.parse(address)
  const plain = ipaddr.process(address)
  const width = widthOf(plain)
  // `::ffff:192.0.2.0/120` counts from the IPv6 side.
  const shift = parsed.kind() === plain.kind() ? 0 : 96
  const wanted = length === undefined ? width : Number(length) - shift
  return wanted < 0 || wanted > width ? null : cut(plain, wanted)
}

/** The /24 or /48 that an address is in: what counts as one place that a user logs in from. null for `unix:` and the like. */
export const networkOf = (address: string): string | null => prefixOf(address, 24, 48)

/** What one client can change at will, and so what an automatic ban covers: the address itself, or the /64 of IPv6. */
export const placeOf = (address: string): string | null => prefixOf(address, 32, 64)

function prefixOf(address: string, ipv4: number, ipv6: number): string | null {
  if (!isAddress(address)) return null
  const plain = ipaddr.process(address)
  return cut(plain, plain.kind() === 'ipv4' ? ipv4 : ipv6).text
}

/** Strict: `127.1`, octal numbers and zones are nothing that nginx sends. */
const isAddress = (text: string) => isIP(text) !== 0 && !text.includes('%')

const widthOf = (address: Address) => (address.kind() === 'ipv4' ? 32 : 128)

/** All bits of an address, IPv4 inside IPv6 as IPv4. null for what is no address. */
export function readBits(text: string): Pick<Prefix, 'family' | 'length' | 'bits'> | null {
  if (!isAddress(text)) return null
  const plain = ipaddr.process(text)
  return { family: plain.kind(), length: widthOf(plain), bits: toBits(plain) }
}

function toBits(address: Address): bigint {
  return BigInt(`0x${Buffer.from(address.toByteArray()).toString('hex')}`)
}

function cut(address: Address, length: number): Prefix {
  const family = address.kind()
  const bits = toBits(address) >> BigInt(widthOf(address) - length)
  return { text: write(family, bits, length), family, length, bits }
}

function write(family: Prefix['family'], bits: bigint, length: number): string {
  const width = family === 'ipv4' ? 32 : 128
  const hex = (bits << BigInt(width - length)).toString(16).padStart(width / 4, '0')
  return `${ipaddr.fromByteArray([...Buffer.from(hex, 'hex')]).toString()}/${length}`
}

/** The networks, as of `networkOf`, that a prefix covers, or the one that it lies in. null = more than `most`. */
export function networksOf({ family, bits, length }: Prefix, most: number): string[] | null {
  const full = family === 'ipv4' ? 24 : 48
  if (length >= full) return [write(family, bits >> BigInt(length - full), full)]
  const count = 2 ** (full - length)
  const first = bits << BigInt(full - length)
  return count > most ? null : Array.from({ length: count }, (_, i) => write(family, first + BigInt(i), full))
}

/** Whether every address of `inner` is one of `outer`. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false
  return inner.bits >> BigInt(inner.length - outer.length) === outer.bits
}
