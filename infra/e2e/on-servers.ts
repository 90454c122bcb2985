/** Set-up of test files whose gateways run on the shared MariaDB and Redis: each data folder has a database and a prefix there. */
import { inject } from 'vitest'
import { createOnServer } from './databases.ts'
import { keepDataAt } from './stores.ts'

const known = new Map<string, Promise<Record<string, string>>>()

keepDataAt(folder => {
  const places = known.get(folder) ?? choose()
  known.set(folder, places)
  return places
})

async function choose(): Promise<Record<string, string>> {
  const { name, url } = await createOnServer()
  return { DATABASE_URL: url, REDIS_URL: inject('redis').url, MAILGATEWAY_REDIS_PREFIX: `${name}:` }
}
