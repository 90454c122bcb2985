/** A look at one backend right now, for the person who has just set it up. */
import type { BackendRow } from '../database/schema.ts'
import { checkGreeting } from './greeting.ts'
import { createResolver, type Resolution, type ResolverOptions } from './resolve.ts'
import type { Outcome } from './rules.ts'

export interface Probe {
  resolution: Resolution
  checks: { address: string; outcome: Outcome }[]
}

/**
 * Resolves the host anew and checks each address once, all at the same time. Changes nothing and never rejects: what is
 * wrong stands in the answer.
 */
export async function checkBackend(
  { protocol, host, port }: Pick<BackendRow, 'protocol' | 'host' | 'port'>,
  options: ResolverOptions & { timeoutMs: number },
): Promise<Probe> {
  const resolution = await createResolver(options).resolve(host)
  const checks = await Promise.all(
    resolution.addresses.map(async address => {
      const outcome = await checkGreeting({ protocol, address, port }, options.timeoutMs)
      return { address, outcome }
    }),
  )
  return { resolution, checks }
}
