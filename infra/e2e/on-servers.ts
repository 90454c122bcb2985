/** Set-up of test files whose gateways run on the shared MariaDB, and where the project says so Redis. */
import { inject } from 'vitest'
import { createOnServer } from './databases.ts'
import { keepDataIn } from './stores.ts'

declare module 'vitest' {
  interface ProvidedContext {
    hotState: 'memory' | 'redis'
  }
}

const databases = new Map<string, ReturnType<typeof createOnServer>>()

keepDataIn({
  async open(folder) {
    const database = databases.get(folder) ?? createOnServer()
    databases.set(folder, database)
    const { name, url } = await database
    const redis = { REDIS_URL: inject('redis').url, MAILGATEWAY_REDIS_PREFIX: `${name}:` }
    return { DATABASE_URL: url, ...(inject('hotState') === 'redis' && redis) }
  },
  async remove(folder) {
    const database = databases.get(folder)
    databases.delete(folder)
    await (await database)?.remove()
  },
})
