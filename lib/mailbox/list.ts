/** Mailboxes page by page: searched, filtered and sorted by indexes that hold all of it (migrations/0009-mailbox-lists.ts). */
import { z } from 'zod'
import { contains } from '../database/dialect.ts'
import type { Database } from '../database/schema.ts'
import { canonicalDomain } from '../domain.ts'
import { fold } from '../fold.ts'
import { limit, text } from '../input.ts'
import { Refusal } from '../refusal.ts'
import { type Mailbox, toMailbox } from './mailbox.ts'
import { beforeName, behindName, domainEnd } from './search-text.ts'

const flag = z.boolean('must be true or false')
const totpStates = ['off', 'pending', 'on'] as const
const sorts = { name: null, owner: 'owner', created_at: 'created_at', updated_at: 'updated_at' } as const

/** Which mailboxes. */
export const mailboxFilter = z.strictObject({
  search: text().default('').describe('Part of the name or the owner, in any letter case; no wildcards.'),
  enabled: flag.optional(),
  totp: z.enum(totpStates, `must be one of ${totpStates.join(', ')}`).optional(),
  domain: text()
    .refine(given => canonicalDomain(given) !== null, 'must be one such as example.org')
    .optional()
    .describe('The whole domain, in either spelling of international ones.'),
  pool: text().optional().describe('Empty = those without one.'),
})
export type MailboxFilter = z.output<typeof mailboxFilter>

/** And which of them at once. */
export const mailboxPage = mailboxFilter.extend({
  sort: z
    .enum(Object.keys(sorts) as (keyof typeof sorts)[], 'must be one of name, owner, created_at, updated_at')
    .default('name'),
  order: z.enum(['asc', 'desc'], 'must be asc or desc').default('asc'),
  after: text().default('').describe('`next` of the page before.'),
  limit: limit(1_000, 100),
})
type Page = z.output<typeof mailboxPage>

/** Those who are locked, for a filter: by their long count, or by name. */
export interface Locked {
  wanted: boolean
  /** The long count from which a mailbox is shut to strangers. */
  guesses: number
  names: string[]
}

export interface ListServices {
  logDb: Database
}

/** @param locked absent = no matter whether */
export async function listMailboxes(
  { logDb }: ListServices,
  page: Page,
  locked?: Locked,
): Promise<{ items: Mailbox[]; next: string | null; total: number }> {
  const found = await readPage(logDb, page, locked)
  // What is rare was looked for in all of them: not once more to count it.
  if (page.after === '' && found.next === null) return { ...found, total: found.items.length }
  if (locked?.wanted !== false) return { ...found, total: await countMailboxes(logDb, page, locked) }
  // All but a few: those few are looked up faster than each of the others is found not to be one of them.
  const [all, shut] = await Promise.all([
    countMailboxes(logDb, page),
    countMailboxes(logDb, page, { ...locked, wanted: true }),
  ])
  return { ...found, total: all - shut }
}

export async function countMailboxes(
  logDb: Database,
  filter: MailboxFilter,
  locked?: Locked,
): Promise<number> {
  const { total } = await matching(logDb, filter, locked)
    .select(eb => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return Number(total)
}

/**
 * The keys of a page come from an index alone; then its rows are fetched.
 * @returns `next`: `after` of the following page; null = this is the last one
 */
export async function readPage(
  logDb: Database,
  page: Page,
  locked?: Locked,
): Promise<{ items: Mailbox[]; next: string | null }> {
  const keys = await selectKeys(logDb, page, locked).execute()
  if (keys.length === 0) return { items: [], next: null }
  const ids = keys.slice(0, page.limit).map(({ id }) => id)
  const rows = await logDb.selectFrom('users').selectAll().where('id', 'in', ids).execute()
  const rowOf = new Map(rows.map(row => [row.id, row]))
  // One may have been deleted meanwhile.
  const items = ids.flatMap(id => rowOf.get(id) ?? []).map(toMailbox)
  const last = keys.length > page.limit ? items.at(-1) : undefined
  return { items, next: last ? writeMark(page, last) : null }
}

/** One more than the page has: then there is a next one. */
export function selectKeys(logDb: Database, page: Page, locked?: Locked) {
  const { sort, order, limit } = page
  const column = sorts[sort]
  const mark = page.after === '' ? null : readMark(page)
  const further = order === 'asc' ? '>' : '<'
  return matching(logDb, page, locked)
    .select('id')
    .$if(mark !== null, query => {
      const { value, text } = mark!
      if (column === null) return query.where('search_text', further, text)
      // The first condition is for the index; MySQL takes no row of values for a range.
      return query
        .where(column, order === 'asc' ? '>=' : '<=', value)
        .where(eb => eb(eb.refTuple(column, 'search_text'), further, eb.tuple(value, text)))
    })
    .$if(column !== null, query => query.orderBy(column!, order))
    .orderBy('search_text', order)
    .limit(limit + 1)
}

export function matching(
  db: Database,
  { search, enabled, totp, domain, pool }: MailboxFilter,
  locked?: Locked,
) {
  const has = (part: string) => contains(db, 'search_text', part)
  return db
    .selectFrom('users')
    .$if(search !== '', query => query.where(has(fold(search))))
    .$if(domain !== undefined, query => query.where(has(domainEnd(canonicalDomain(domain!)!))))
    .$if(enabled !== undefined, query => query.where('enabled', '=', enabled ? 1 : 0))
    .$if(totp !== undefined, query => query.where('totp', '=', totpStates.indexOf(totp!) as 0 | 1 | 2))
    .$if(pool !== undefined, query =>
      query.where('pool', pool === '' ? 'is' : '=', pool === '' ? null : pool!),
    )
    .$if(locked !== undefined, query => {
      const { wanted, guesses, names } = locked!
      const closed = db.selectFrom('users').select('id').where('guesses', '>=', guesses)
      const named = db.selectFrom('users').select('id').where('name', 'in', names)
      const all = names.length > 0 ? closed.unionAll(named) : closed
      return query.where('id', wanted ? 'in' : 'not in', db.selectFrom(all.as('locked')).select('locked.id'))
    })
}

const markSchema = z.tuple([z.string(), z.string(), z.union([z.string(), z.number()]), z.string()])

function writeMark({ sort, order }: Pick<Page, 'sort' | 'order'>, mailbox: Mailbox): string {
  const value = sort === 'name' ? '' : mailbox[sort]
  return Buffer.from(JSON.stringify([sort, order, value, mailbox.name])).toString('base64url')
}

/** @throws Refusal for what no page of this order has answered */
function readMark({ after, sort, order }: Page) {
  const [ofSort, ofOrder, value = '', name = ''] = parseMark(after)
  const isTime = sort === 'created_at' || sort === 'updated_at'
  if (ofSort !== sort || ofOrder !== order || isTime !== (typeof value === 'number'))
    throw new Refusal(
      'invalid',
      'after',
      'after must be `next` of the page before, of the same sort and order',
    )
  return { value, text: order === 'asc' ? behindName(name) : beforeName(name) }
}

function parseMark(after: string) {
  try {
    return markSchema.safeParse(JSON.parse(Buffer.from(after, 'base64url').toString())).data ?? []
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}
