/** By which the functions know the router: nobody has to think of one, and none is kept. */
import { deriveKey } from '../../lib/runtime/derive-key.ts'

/**
 * MAILGATEWAY_SERVER_PROXY_SECRET of a master secret, the newest first: while that is exchanged the functions take both,
 * and the router shows the older one, which those that are not deployed yet know too.
 */
export const deriveProxySecrets = (masterSecret: string): string[] =>
  masterSecret.split(',', 2).map(secret => deriveKey(secret.trim(), 'proxy').export().toString('hex'))
