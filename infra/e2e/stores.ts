/** Where the gateways of the tests keep their data: in their own folder, unless the set-up of the tests says otherwise. */

/** @returns settings such as DATABASE_URL, the same for the same data folder */
type Places = (folder: string) => Promise<Record<string, string>>

let places: Places = async () => ({})

export function keepDataAt(elsewhere: Places): void {
  places = elsewhere
}

export const placesOf: Places = folder => places(folder)
