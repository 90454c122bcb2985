/** Addresses that automatic bans spare. Effective at the next attempt on every node. */
import { sql } from 'kysely'
import { z } from 'zod'
import { orChange } from '../database/dialect.ts'
import type { Database, ExceptionRow } from '../database/schema.ts'
import { searchFor } from '../database/search-for.ts'
import { newId } from '../id.ts'
import { knownVersion, limit, parseInput, text } from '../input.ts'
import { recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { announce } from './insert.ts'
import { type BanServices, readPrefix } from './manage.ts'
import { prefixesAround } from './rules.ts'
import { exceptionKinds, exceptionSchema, prefixText, remark } from './shapes.ts'

const kind = z.enum(exceptionKinds, `must be one of ${exceptionKinds.join(', ')}`)

export const newExceptionSchema = z.strictObject({ kind, cidr: prefixText, note: remark.default('') })

export const exceptionChangesSchema = z.strictObject({
  note: remark,
  /** Of the entry as it was seen; another one now = somebody else was faster. */
  version: knownVersion,
})

export const exceptionQuery = z.strictObject({
  kind: kind.optional(),
  /** In prefix, note or author. */
  search: text(255).default(''),
  /** Only entries that contain this address or network. */
  address: z.string('must be an address or network').optional(),
  /** `next` of the page before: the id of its last entry. */
  after: z.guid('must be `next` of the page before').optional(),
  limit: limit(1_000, 100),
})

export const exceptionPageSchema = z.strictObject({
  items: z.array(exceptionSchema),
  next: z.string().nullable(),
})

/**
 * Puts an address or network on a list; where it is on it already, the entry gets the new note.
 * @param input see `newExceptionSchema`
 * @throws Refusal for a bad field
 */
export async function addException(services: BanServices, input: unknown): Promise<ExceptionRow> {
  const given = parseInput(newExceptionSchema, input)
  const { kind, note } = given
  const cidr = readPrefix(given.cidr).text
  const news = { note, author: services.actor.name, created_at: services.clock() }
  const row = await recorded(services, `${kind} add`, async trx => {
    const read = () => selectEntry(trx, kind, cidr).executeTakeFirst()
    const before = await read()
    await trx
      .insertInto('ip_exceptions')
      .values({ id: newId(), kind, cidr, ...news })
      .$call(orChange(trx, ['kind', 'cidr'], { ...news, version: sql<number>`version + 1` }))
      .execute()
    const after = (await read())!
    return { target: cidr, before: before ? describe(before) : null, after: describe(after), result: after }
  })
  await announce(services)
  return row
}

const selectEntry = (db: Database, kind: ExceptionRow['kind'], cidr: string) =>
  db.selectFrom('ip_exceptions').selectAll().where('kind', '=', kind).where('cidr', '=', cidr)

/**
 * Newest first.
 * @param input see `exceptionQuery`
 * @throws Refusal for a bad field
 */
export async function listExceptions(
  { logDb }: { logDb: Database },
  input: unknown,
): Promise<z.infer<typeof exceptionPageSchema>> {
  const { kind, search, address, after, limit } = parseInput(exceptionQuery, input)
  const around = address === undefined ? null : prefixesAround(readPrefix(address, 'address'))
  const rows = await logDb
    .selectFrom('ip_exceptions')
    .selectAll()
    .$if(kind !== undefined, q => q.where('kind', '=', kind!))
    .$if(around !== null, q => q.where('cidr', 'in', around!))
    .$if(search !== '', q => q.where(searchFor(search, ['cidr', 'note', 'author'])))
    .$if(after !== undefined, q => q.where('id', '<', after!))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const items = rows.slice(0, limit)
  return { items, next: rows.length > limit ? items.at(-1)!.id : null }
}

/** @throws Refusal if there is none */
export async function showException({ db }: { db: Database }, id: string): Promise<ExceptionRow> {
  const row = await db.selectFrom('ip_exceptions').selectAll().where('id', '=', id).executeTakeFirst()
  if (row) return row
  throw new Refusal('not_found', 'id', `there is no exception with the id ${id}`)
}

/**
 * @param input see `exceptionChangesSchema`
 * @throws Refusal for a bad field, if there is no such entry, or when somebody else has changed it
 */
export async function setException(services: BanServices, id: string, input: unknown): Promise<ExceptionRow> {
  const { note, version } = parseInput(exceptionChangesSchema, input)
  const { kind } = await showException(services, id)
  return recorded(services, `${kind} set`, async trx => {
    // Locks the row: nobody else changes it between the look and the change.
    await trx
      .updateTable('ip_exceptions')
      .set({ version: sql<number>`version + 1` })
      .where('id', '=', id)
      .execute()
    const now = await showException({ db: trx }, id)
    const before = { ...now, version: now.version - 1 }
    if (version !== undefined && version !== before.version) {
      const what = `it has version ${before.version} now, not ${version}: look at it again`
      throw new Refusal('conflict', 'version', `somebody else has changed this entry meanwhile; ${what}`)
    }
    await trx.updateTable('ip_exceptions').set({ note }).where('id', '=', id).execute()
    const after = { ...now, note }
    return { target: now.cidr, before: describe(before), after: describe(after), result: after }
  })
}

/** @param idOrCidr of the latter the one on the list `kind` @throws Refusal if it is not there */
export async function removeException(
  services: BanServices,
  idOrCidr: string,
  kind?: ExceptionRow['kind'],
): Promise<ExceptionRow> {
  const entry = await findEntry(services.db, idOrCidr, kind)
  await recorded(services, `${entry.kind} remove`, async trx => {
    const { numDeletedRows } = await trx
      .deleteFrom('ip_exceptions')
      .where('id', '=', entry.id)
      .executeTakeFirst()
    if (numDeletedRows === 0n) throw notThere(idOrCidr)
    return { target: entry.cidr, before: describe(entry), after: null, result: null }
  })
  await announce(services)
  return entry
}

async function findEntry(db: Database, idOrCidr: string, kind?: ExceptionRow['kind']): Promise<ExceptionRow> {
  if (kind === undefined) return showException({ db }, idOrCidr)
  const row = await selectEntry(db, kind, readPrefix(idOrCidr).text).executeTakeFirst()
  if (row) return row
  throw notThere(idOrCidr)
}

const notThere = (meant: string) => new Refusal('not_found', 'cidr', `${meant} is not on that list`)

/** For the operation log. */
const describe = ({ kind, cidr, note }: ExceptionRow) => ({ kind, cidr, note })
