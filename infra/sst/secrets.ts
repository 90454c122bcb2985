/** What nobody may read: `npx sst secret set NAME`, one value per stage. */
import type { Choices } from './choices.ts'
import { deriveProxySecrets } from './proxy-secrets.ts'

export type Secrets = ReturnType<typeof createSecrets>

export function createSecrets({ stores }: Choices) {
  /** MAILGATEWAY_SECRET_KEY: `new[,old…]`. */
  const masterSecret = new sst.Secret('MasterSecret')
  return {
    masterSecret,
    /** By which the functions know the router. */
    proxySecrets: masterSecret.value.apply(deriveProxySecrets),
    /** Shared with the relay or with nginx: `new[,old]`. */
    edgeSecret: new sst.Secret('EdgeSecret'),
    /** Of the first administrator; of no use once there is one. */
    adminPassword: new sst.Secret('AdminPassword'),
    urls:
      stores === 'urls'
        ? { database: new sst.Secret('DatabaseUrl'), redis: new sst.Secret('RedisUrl') }
        : null,
  }
}
