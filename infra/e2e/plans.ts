/** How a database would go about the statements of a piece of work. */
import { CompiledQuery, type RootOperationNode } from 'kysely'
import type { Database } from '../../lib/database/schema.ts'

export interface Watched {
  /** To work with. */
  db: Database
  /** What the statements so far read without an index, or sort though an index could lead; forgets them. */
  faults(tables: string[]): Promise<string[]>
}

interface SqliteStep {
  detail: string
}
interface MysqlStep {
  table: string | null
  type: string | null
  key: string | null
}

/** The statements themselves are done as ever. */
export function watchPlans(real: Database): Watched {
  const nodes: RootOperationNode[] = []
  const db = real.withPlugin({
    transformQuery({ node }) {
      nodes.push(node)
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const explain = async (node: RootOperationNode, tables: string[]): Promise<string[]> => {
    const { sql, parameters } = real.getExecutor().compileQuery(node, { queryId: 'explained' })
    const isMysql = real.getExecutor().adapter.constructor.name.startsWith('Mysql')
    const text = `${isMysql ? 'explain' : 'explain query plan'} ${sql}`
    const { rows } = await real.executeQuery(CompiledQuery.raw(text, [...parameters]))
    const bad = isMysql
      ? (rows as MysqlStep[])
          .filter(({ table, type, key }) => tables.includes(table ?? '') && (type === 'ALL' || key === null))
          .map(step => JSON.stringify(step))
      : (rows as SqliteStep[])
          .map(({ detail }) => detail)
          .filter(detail => tables.some(table => new RegExp(`^SCAN ${table}$`).test(detail)))
    return bad.map(step => `${step} in ${sql}`)
  }
  return {
    db,
    async faults(tables) {
      const found: string[] = []
      for (const node of nodes.splice(0)) found.push(...(await explain(node, tables)))
      return found
    },
  }
}
