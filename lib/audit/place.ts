/** What an address or prefix in a search of the auth log means for its rows. No I/O, no clock. */
import { contains, networksOf, parsePrefix } from '../ban/rules.ts'

export interface Place {
  /** One client, as in `client_address`. */
  client?: string
  /** Or networks, as in `client_network`, */
  networks?: string[]
  /** and what the addresses of their rows must satisfy besides. */
  holds?: (clientAddress: string) => boolean
}

/** With more the database would have to read everything. */
const mostNetworks = 256

/** @returns null for what is neither an address, nor `unix:`, nor a prefix of few enough networks */
export function readPlace(text: string): Place | null {
  if (text === 'unix:') return { client: text }
  const prefix = parsePrefix(text)
  const networks = prefix && networksOf(prefix, mostNetworks)
  if (!prefix || !networks) return null
  if (prefix.bits.length === (prefix.family === 'ipv4' ? 32 : 128))
    return { client: prefix.text.split('/')[0]! }
  if (networks.length > 1 || networks[0] === prefix.text) return { networks }
  const holds = (clientAddress: string) => {
    const client = parsePrefix(clientAddress)
    return client !== null && contains(prefix, client)
  }
  return { networks, holds }
}
