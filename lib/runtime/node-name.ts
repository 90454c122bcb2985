/** How the processes that share a database are told apart. */
import { hostname } from 'node:os'
import { basename } from 'node:path'
import type { Settings } from '../settings/definitions.ts'

/** Columns of this name hold 64 characters. */
const longest = 64
const unixPrefix = 'unix:'

/**
 * `server.node`, or the host name and what nginx asks, which no other process of the host listens on.
 * @param suffix tells processes of one gateway apart, such as `/2`
 */
export function nameNode({ server, auth_server }: Settings, suffix = ''): string {
  const { host, port } = auth_server
  const place = host.startsWith(unixPrefix) ? basename(host.slice(unixPrefix.length)) : port
  const name = server.node === '' ? `${hostname()}:${place}` : server.node
  return name.slice(0, longest - suffix.length) + suffix
}
