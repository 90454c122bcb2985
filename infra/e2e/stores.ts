/** Where the gateways of the tests keep their data: in their own folder, unless the set-up of the tests says otherwise. */

export interface Stores {
  /** Settings such as DATABASE_URL, the same for the same data folder. */
  open(folder: string): Promise<Record<string, string>>
  /** Removes what was kept for that folder. */
  remove(folder: string): Promise<void>
}

let stores: Stores = { open: async () => ({}), remove: async () => {} }

export function keepDataIn(others: Stores): void {
  stores = others
}

export const openStores: Stores['open'] = folder => stores.open(folder)
export const removeStores: Stores['remove'] = folder => stores.remove(folder)

/** What gateways on servers have in common. */
export const sharedSecret = 'the master secret of the end-to-end tests'

/** Settings that name a server come with the secret that all its gateways need. */
export function withSecret(settings: Record<string, string>): Record<string, string> {
  const isShared = Object.keys(settings).some(name =>
    /^(DATABASE_URL|REDIS_URL|MAILGATEWAY_(DATABASE|REDIS)_\w+)$/.test(name),
  )
  return isShared ? { MAILGATEWAY_SECRET_KEY: sharedSecret, ...settings } : settings
}
