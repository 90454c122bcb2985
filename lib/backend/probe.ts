/** A look at one backend right now, for the person who has just set it up. */
import type { BackendRow } from '../database/schema.ts'
import { checkGreeting, type Endpoint } from './greeting.ts'
import { createResolver } from './resolve.ts'
import { plainPorts } from './rules.ts'
import type { Outcome, Probe } from './shapes.ts'
import { speaksTls } from './tls-port.ts'

/**
 * Resolves the host anew and checks each address once, all at the same time. Changes nothing and never rejects: what is
 * wrong stands in the answer.
 */
export async function checkBackend(
  { protocol, host, port }: Pick<BackendRow, 'protocol' | 'host' | 'port'>,
  settings: { dns_servers: string[]; check_timeout: number },
  clock: () => number,
): Promise<Probe> {
  const { addresses, resolvedAt, lastError } = await createResolver({ settings, clock }).resolve(host)
  const checks = await Promise.all(
    addresses.map(async address => {
      const outcome = await checkEndpoint({ protocol, address, port }, settings.check_timeout)
      return { address, outcome }
    }),
  )
  return { resolution: { addresses, resolved_at: resolvedAt, last_error: lastError }, checks }
}

/** A TLS port waits for the client to speak first, so to the greeting's reader it is just silent. */
async function checkEndpoint(endpoint: Endpoint, timeoutMs: number): Promise<Outcome> {
  const outcome = await checkGreeting(endpoint, timeoutMs)
  if (outcome.kind !== 'failed' || !(await speaksTls(endpoint, timeoutMs))) return outcome
  const error = `this is a TLS port; nginx's mail proxy speaks plain text to backends: use ${plainPorts[endpoint.protocol]}`
  return { kind: 'failed', error }
}
