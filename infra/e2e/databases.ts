/**
 * An empty database for a test, of the kind that vitest.config.ts gives to its project: files there run once on SQLite and
 * once on the shared MariaDB.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type Databases, openDatabase } from '../../lib/database/open.ts'
import { newId } from '../../lib/id.ts'
import { reachMariadb } from './mariadb.ts'

declare module 'vitest' {
  interface ProvidedContext {
    database: 'sqlite' | 'mysql'
  }
}

export const isMysql = () => inject('database') === 'mysql'

const limits = { max_open_conns: 10, max_idle_conns: 2, conn_max_lifetime: 0 }

export interface TestDatabase extends Databases {
  /** For DATABASE_URL: others may open it too. */
  url: string
  /** A further way in, as another process has it. */
  openAgain(): Promise<Databases>
}

/** No table is in it yet. `close` removes it. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url, remove } = isMysql() ? await createOnServer() : createFile()
  const target = url.startsWith('mysql:')
    ? { kind: 'mysql' as const, url }
    : { kind: 'sqlite' as const, file: url.slice('sqlite:'.length) }
  const openAgain = () => openDatabase(target, limits)
  const databases = await openAgain()
  return {
    ...databases,
    url,
    openAgain,
    async close() {
      await databases.close()
      await remove()
    },
  }
}

function createFile() {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-test-'))
  return { url: `sqlite:${join(folder, 'test.db')}`, remove: async () => rmSync(folder, { recursive: true }) }
}

/** On the MariaDB that all test files share. */
export async function createOnServer() {
  const { folder, port } = inject('mariadb')
  const server = reachMariadb(folder, port)
  const name = `t${newId().replaceAll('-', '').slice(-24)}`
  const remove = async () => {
    await server.query(`drop database \`${name}\`; drop user '${name}'@'127.0.0.1'`)
  }
  return { name, server, url: await server.createDatabase(name), remove }
}
