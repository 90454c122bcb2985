/** Which users, addresses and networks were there most: at most a hundred of a kind per hour and per day. */
import { type ExpressionBuilder, type SelectQueryBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { AuthTop, Database, Tables } from '../database/schema.ts'
import { inTransaction } from '../database/transaction.ts'
import { dayMs, floorTo, hourMs } from './times.ts'

type Services = { db: Database; logDb: Database; clock: () => number }
type Kind = AuthTop['kind']
type Sums = Pick<AuthTop, 'name' | 'tried' | 'failed'>

const columnOf = { user: 'user', address: 'client_address', network: 'client_network' } as const
const topKinds = Object.keys(columnOf) as Kind[]

/** A hundred together; who leads in one way often does in another. */
const kept = { tried: 34, failed: 33, succeeded: 33 }
/** Hours that are made up for after a time in which nothing ran. */
const mostHours = 48

/** Makes the tops of an hour, running or over, and of its day, once more. Reads the log on the connection that no login uses. */
export async function makeTops({ db, logDb }: Services, hour: number): Promise<void> {
  for (const kind of topKinds) await replaceTops(db, 'hour', hour, kind, await readHour(logDb, hour, kind))
  const day = floorTo(dayMs, hour)
  for (const kind of topKinds) await replaceTops(db, 'day', day, kind, await readDay(db, day, kind))
}

/** The running hour, and those since the newest that is there. A job: one process does it for all. */
export async function makeRecentTops(services: Services): Promise<void> {
  const running = floorTo(hourMs, services.clock())
  const newest = await services.db
    .selectFrom('auth_tops')
    .select('start')
    .where('span', '=', 'hour')
    .orderBy('start', 'desc')
    .limit(1)
    .executeTakeFirst()
  // The hour before as well: its last attempts came after the last time.
  const from = Math.max((newest?.start ?? running) - hourMs, running - mostHours * hourMs)
  for (let hour = from; hour <= running; hour += hourMs) await makeTops(services, hour)
}

function readHour(logDb: Database, hour: number, kind: Kind): Promise<Sums[]> {
  const name = columnOf[kind]
  const failed = sql<number>`case when result = 'failed' then ${sql.ref('count')} else 0 end`
  const sums = logDb
    .selectFrom('auth_log')
    .select(eb => [eb.ref(name).as('name'), eb.fn.sum<number>('count').as('tried')])
    .select(eb => eb.fn.sum<number>(failed).as('failed'))
    .where('time', '>=', hour)
    .where('time', '<', hour + hourMs)
    .where(name, '<>', '')
    .groupBy(name)
  return readLeaders(logDb, sums)
}

function readDay(db: Database, day: number, kind: Kind): Promise<Sums[]> {
  const sums = db
    .selectFrom('auth_tops')
    .select(eb => ['name', eb.fn.sum<number>('tried').as('tried'), eb.fn.sum<number>('failed').as('failed')])
    .where('span', '=', 'hour')
    .where('start', '>=', day)
    .where('start', '<', day + dayMs)
    .where('kind', '=', kind)
    .groupBy('name')
  return readLeaders(db, sums as never)
}

async function readLeaders(
  db: Database,
  sums: SelectQueryBuilder<Tables, 'auth_log', Sums>,
): Promise<Sums[]> {
  const succeeded = sql<number>`tried - failed`
  const place = (eb: ExpressionBuilder<{ sums: Sums }, 'sums'>, by: 'tried' | 'failed' | typeof succeeded) =>
    eb.fn.agg<number>('row_number').over(over => over.orderBy(by, 'desc').orderBy('name'))
  const rows = await db
    .with('sums', () => sums)
    .with('placed', qc =>
      qc
        .selectFrom('sums')
        .select(eb => [
          'name',
          'tried',
          'failed',
          place(eb, 'tried').as('by_tried'),
          place(eb, 'failed').as('by_failed'),
          place(eb, succeeded).as('by_succeeded'),
        ]),
    )
    .selectFrom('placed')
    .select(['name', 'tried', 'failed'])
    .where(eb =>
      eb.or([
        eb('by_tried', '<=', kept.tried),
        eb.and([eb('by_failed', '<=', kept.failed), eb('failed', '>', 0)]),
        eb.and([eb('by_succeeded', '<=', kept.succeeded), eb('tried', '>', eb.ref('failed'))]),
      ]),
    )
    .execute()
  return rows.map(({ name, tried, failed }) => ({ name, tried: Number(tried), failed: Number(failed) }))
}

async function replaceTops(db: Database, span: 'hour' | 'day', start: number, kind: Kind, sums: Sums[]) {
  await inTransaction(db, async trx => {
    await trx
      .deleteFrom('auth_tops')
      .where('span', '=', span)
      .where('start', '=', start)
      .where('kind', '=', kind)
      .execute()
    const rows = sums.map(row => ({ span, start, kind, ...row }))
    if (rows.length > 0) await trx.insertInto('auth_tops').values(rows).execute()
  })
}

const top = z.strictObject({ name: z.string(), tried: z.int(), failed: z.int(), succeeded: z.int() })

/** Of whole hours up to two days, of whole days beyond, both of UTC; `since` is where they begin. Most tried first. */
export const tops = z.strictObject({
  since: z.int(),
  user: z.array(top),
  address: z.array(top),
  network: z.array(top),
})

export type Top = z.infer<typeof top>
export type Tops = z.infer<typeof tops>

const topsByHour = 2 * dayMs
/** Each of those that lead in tried, failed and succeeded. */
const leaders = 10

/** @param until now */
export async function readTops(db: Database, from: number, until: number): Promise<Tops> {
  const span = until - from <= topsByHour ? 'hour' : 'day'
  const since = floorTo(span === 'hour' ? hourMs : dayMs, from)
  const rows = await db
    .selectFrom('auth_tops')
    .select(eb => [
      'kind',
      'name',
      eb.fn.sum<number>('tried').as('tried'),
      eb.fn.sum<number>('failed').as('failed'),
    ])
    .where('span', '=', span)
    .where('start', '>=', since)
    .groupBy(['kind', 'name'])
    .execute()
  const tops = rows.map(({ kind, name, tried, failed }) => ({
    kind,
    name,
    tried: Number(tried),
    failed: Number(failed),
    succeeded: Number(tried) - Number(failed),
  }))
  const ofKind = topKinds.map(kind => [kind, lead(tops.filter(top => top.kind === kind))] as const)
  return { since, ...(Object.fromEntries(ofKind) as Record<Kind, Top[]>) }
}

/** Most tried first. */
function lead(tops: Top[]): Top[] {
  const by = (measure: 'tried' | 'failed' | 'succeeded') =>
    tops
      .filter(top => top[measure] > 0)
      .sort((a, b) => b[measure] - a[measure] || (a.name < b.name ? -1 : 1))
      .slice(0, leaders)
  const leading = new Set([...by('tried'), ...by('failed'), ...by('succeeded')])
  return [...leading]
    .sort((a, b) => b.tried - a.tried)
    .map(({ name, tried, failed, succeeded }) => ({ name, tried, failed, succeeded }))
}
