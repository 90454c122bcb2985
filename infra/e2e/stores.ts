/** Where the gateways of the tests keep their data: in their own folder, unless the set-up of the tests says otherwise. */

/** @returns settings such as DATABASE_URL, the same for the same data folder */
type Places = (folder: string) => Promise<Record<string, string>>

let places: Places = async () => ({})

export function keepDataAt(elsewhere: Places): void {
  places = elsewhere
}

export const placesOf: Places = folder => places(folder)

/** What gateways on servers have in common. */
export const sharedSecret = 'the master secret of the end-to-end tests'

/** Settings that name a server come with the secret that all its gateways need. */
export function withSecret(settings: Record<string, string>): Record<string, string> {
  const isShared = Object.keys(settings).some(name =>
    /^(DATABASE_URL|REDIS_URL|MAILGATEWAY_(DATABASE|REDIS)_\w+)$/.test(name),
  )
  return isShared ? { MAILGATEWAY_SECRET_KEY: sharedSecret, ...settings } : settings
}
