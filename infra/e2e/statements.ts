/** Which statements a piece of work executes, and how the database goes about them. */
import { CompiledQuery, DefaultQueryExecutor, MysqlAdapter } from 'kysely'
import type { Database } from '../../lib/database/schema.ts'

export interface Statement {
  sql: string
  parameters: readonly unknown[]
}

/**
 * Notes every statement that anything in this process executes through Kysely, in transactions and on every connection.
 * @returns what gives those so far, and ends it
 */
export function recordStatements(): () => Statement[] {
  const statements: Statement[] = []
  const { prototype } = DefaultQueryExecutor
  const { executeQuery } = prototype
  prototype.executeQuery = function (compiled, ...rest) {
    statements.push({ sql: compiled.sql, parameters: compiled.parameters })
    return executeQuery.call(this, compiled, ...rest) as never
  }
  return () => {
    prototype.executeQuery = executeQuery
    return statements
  }
}

/** What a statement does that costs more the longer the table is. */
export interface Fault {
  table: string
  what: 'reads all rows' | 'reads a whole index' | 'sorts'
  sql: string
}

/** Reading an index in its order until there are enough rows costs what the rows cost. */
const isLimited = (sql: string) => / limit /i.test(sql)
/** New rows of given values look at nothing. */
const isLooking = ({ sql }: Statement) => !/^(insert|replace) into .* values /i.test(sql)

/** @param statements each is explained for its parameters, as the database's choice depends on them */
export async function findFaults(db: Database, statements: Statement[]): Promise<Fault[]> {
  const isMysql = db.getExecutor().adapter instanceof MysqlAdapter
  const explain = isMysql ? explainMysql : explainSqlite
  const distinct = new Map(statements.filter(isLooking).map(each => [JSON.stringify(each), each]))
  const faults = new Map<string, Fault>()
  const look = async ({ sql, parameters }: Statement) => {
    const query = CompiledQuery.raw(`${isMysql ? 'explain' : 'explain query plan'} ${sql}`, [...parameters])
    return explain((await db.executeQuery(query)).rows, sql)
  }
  for (const statement of distinct.values()) {
    const { sql } = statement
    let found = await look(statement)
    if (found.length > 0 && isMysql) found = await look({ ...statement, sql: await withIndexes(db, sql) })
    for (const fault of found) {
      const alike = { ...fault, sql: shorten(sql) }
      faults.set(JSON.stringify(alike), alike)
    }
  }
  return [...faults.values()]
}

/** One text for those that differ in numbers, or in how often something is repeated. */
const shorten = (sql: string) =>
  sql
    .replaceAll(/["`]/g, '')
    .replaceAll(/\d{4,}/g, 'N')
    .replaceAll(/\?(, \?)+/g, '?, …')
    .replace(/ union all .* union all /, ' union all … ')

interface SqliteStep {
  detail: string
}

function explainSqlite(rows: unknown[], sql: string): Fault[] {
  // A table is named so in the statement; the result of an inner one is not.
  const isTable = (name: string) => new RegExp(`(from|join|update) "${name}"`).test(sql)
  return (rows as SqliteStep[]).flatMap(({ detail }): Fault[] => {
    const [, scanned, index] = /^SCAN (\S+)( USING .*INDEX .*)?$/.exec(detail) ?? []
    // Only of those that are equal in what the index is sorted by.
    if (/^USE TEMP B-TREE (?!FOR LAST)/.test(detail)) return [{ table: tableOf(sql), what: 'sorts', sql }]
    if (scanned === undefined || !isTable(scanned)) return []
    if (index === undefined) return [{ table: scanned, what: 'reads all rows', sql }]
    return isLimited(sql) ? [] : [{ table: scanned, what: 'reads a whole index', sql }]
  })
}

const tableOf = (sql: string) => /(?:from|update) ["`](\w+)["`]/.exec(sql)?.[1] ?? ''

interface MysqlStep {
  table: string | null
  type: string | null
  key: string | null
  rows: number | string | null
  Extra: string | null
}

/**
 * MariaDB reads a short table whole sooner than a good part of it by an index, and that says nothing of a long one. So it is
 * asked again as if reading the whole were no choice, which helps only where there is an index that leads there.
 */
async function withIndexes(db: Database, sql: string): Promise<string> {
  let text = sql
  for (const [from = '', table = ''] of new Set(sql.matchAll(/(?<=from |join )`(\w+)`/g))) {
    const { rows } = await db.executeQuery<{ Key_name: string }>(CompiledQuery.raw(`show index from ${from}`))
    const names = new Set(rows.map(({ Key_name }) => `\`${Key_name}\``))
    if (!text.includes(`${from} force`) && /^select/.test(sql))
      text = text.replaceAll(
        new RegExp(`(?<=from |join )\`${table}\``, 'g'),
        `${from} force index (${[...names]})`,
      )
  }
  return text
}

/** Sorted sooner than an index in the right order is looked for. */
const few = 100

function explainMysql(rows: unknown[], sql: string): Fault[] {
  return (rows as MysqlStep[]).flatMap(({ table, type, key, rows, Extra }): Fault[] => {
    // Nothing of a table, or the result of an inner statement.
    if (table === null || table.startsWith('<') || type === null) return []
    const isSort = /filesort|temporary/.test(Extra ?? '') && Number(rows) > few
    const sorts: Fault[] = isSort ? [{ table, what: 'sorts', sql }] : []
    if (type === 'ALL' || key === null) return [...sorts, { table, what: 'reads all rows', sql }]
    if (type === 'index' && !(isLimited(sql) && sorts.length === 0))
      return [...sorts, { table, what: 'reads a whole index', sql }]
    return sorts
  })
}
