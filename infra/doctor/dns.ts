/** The DNS servers that the names of backends are asked from. */
import { getServers, promises } from 'node:dns'
import { isIP } from 'node:net'
import type { BackendRow } from '../../lib/database/schema.ts'
import type { Settings } from '../../lib/settings/definitions.ts'
import { fail, type Note, ok, warn } from './finding.ts'

/** Any other answer, also that there is no such name, is one of a server that lives. */
const silence = new Set(['ETIMEOUT', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

export async function checkDns(backends: BackendRow[], settings: Settings['backend']): Promise<Note[]> {
  const named = backends.find(({ host }) => isIP(host) === 0)
  if (!named) return [ok('not needed: every backend is given by its address')]
  const configured = settings.dns_servers.length > 0
  const servers = configured ? settings.dns_servers : getServers()
  const silent = await Promise.all(servers.map(server => isSilent(server, named.host)))
  // The machine may know names by its hosts file as well.
  const note = configured && silent.every(Boolean) ? fail : warn
  const where = configured ? 'backend.dns_servers' : '/etc/resolv.conf'
  return servers.map((server, i) =>
    silent[i]
      ? note(`${server} does not answer`, `correct ${where}, or see what keeps it from answering`)
      : ok(`${server} answers`),
  )
}

async function isSilent(server: string, name: string): Promise<boolean> {
  const resolver = new promises.Resolver({ timeout: 1_000, tries: 2 })
  resolver.setServers([server])
  return resolver.resolve4(name).then(
    () => false,
    (error: NodeJS.ErrnoException) => silence.has(error.code ?? ''),
  )
}
