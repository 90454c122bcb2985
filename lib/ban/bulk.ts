/** Many bans at once: a list that somebody has, one address or network per line. */
import { z } from 'zod'
import type { BanRow, Database } from '../database/schema.ts'
import { parseInput, text } from '../input.ts'
import { recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { announce, writeBans } from './insert.ts'
import { type BanServices, banEnd, banForce, needEnd, newBan, useForce } from './manage.ts'
import { findProtected } from './own-places.ts'
import { type Prefix, parsePrefix } from './rules.ts'
import { remark } from './shapes.ts'

export const mostLines = 10_000
/** Bytes of a request: as many lines, each with a comment of some length. */
export const longestBulk = 5 * 1024 * 1024

export const bulkSchema = z.strictObject({
  /** One address or network per line; a comment after # is the reason of its line. Empty lines are passed over. */
  text: text(),
  ...banEnd,
  /** Of lines without a comment. */
  reason: remark.min(1, 'must say why'),
  /** `refuse`: one bad line and nothing is banned; `skip`: the others are. */
  on_error: z.enum(['refuse', 'skip'], 'must be refuse or skip').default('refuse'),
  /** Only say what would be done. */
  dry_run: z.boolean('must be true or false').default(false),
  /** Also what covers this machine, or the address that is asked from. */
  force: banForce,
})

export const bulkResultSchema = z.strictObject({
  dry_run: z.boolean(),
  /** How many bans were made, or would be. */
  added: z.int(),
  /** Lines that need none: the same prefix stands in an earlier line, or is banned by hand for at least as long. */
  duplicates: z.array(z.strictObject({ line: z.int(), cidr: z.string() })),
  errors: z.array(z.strictObject({ line: z.int(), message: z.string() })),
})
type BulkResult = z.infer<typeof bulkResultSchema>

interface Line {
  line: number
  prefix: Prefix
  reason: string
}

/** As many prefixes go into the operation log; its column holds no more than 64 KiB. */
const mostRecorded = 100

/**
 * All bans that are made are made in one step.
 * @param input see `bulkSchema`
 * @throws Refusal for a bad field, or more than 10,000 lines
 */
export async function addBans(services: BanServices, input: unknown): Promise<BulkResult> {
  const { text, reason, on_error, dry_run, force, ...end } = parseInput(bulkSchema, input)
  const now = services.clock()
  const ends_at = needEnd(end, now)
  const { lines, errors } = readLines(text, reason, force ? () => null : findProtected(services))
  const known = await readStanding(services.db, lines, now, ends_at)
  const fresh: Line[] = []
  const duplicates: BulkResult['duplicates'] = []
  for (const each of lines) {
    const cidr = each.prefix.text
    if (known.has(cidr)) duplicates.push({ line: each.line, cidr })
    else fresh.push(each)
    known.add(cidr)
  }
  const meant = errors.length > 0 && on_error === 'refuse' ? [] : fresh
  if (!dry_run && meant.length > 0) {
    const bans = meant.map(({ prefix, reason }) => newBan(services, prefix, reason, now, ends_at))
    await write(services, bans, reason)
  }
  return { dry_run, added: meant.length, duplicates, errors }
}

function readLines(text: string, reason: string, protects: (prefix: Prefix) => string | null) {
  const lines: Line[] = []
  const errors: BulkResult['errors'] = []
  const all = text.replace(/\r?\n$/, '').split(/\r?\n/)
  if (all.length > mostLines)
    throw new Refusal('invalid', 'text', `text must have at most ${mostLines} lines, and has ${all.length}`)
  for (const [i, typed] of all.entries()) {
    const [, place = '', comment = ''] = /^([^#]*)(?:#(.*))?$/.exec(typed) ?? []
    if (place.trim() === '') continue
    const line = i + 1
    const prefix = parsePrefix(place)
    const said = comment.trim()
    const danger = prefix && protects(prefix)
    const message =
      prefix === null
        ? 'must be an address such as 192.0.2.7 or a network such as 192.0.2.0/24'
        : danger !== null
          ? `covers ${danger}; ${useForce}`
          : remark.safeParse(said).error?.issues[0]?.message
    if (prefix === null || message !== undefined) errors.push({ line, message: message! })
    else lines.push({ line, prefix, reason: said || reason })
  }
  return { lines, errors }
}

const perQuery = 500

/** Those of the prefixes that are banned by hand at least so long. */
async function readStanding(
  db: Database,
  lines: Line[],
  now: number,
  endsAt: number | null,
): Promise<Set<string>> {
  const standing = new Set<string>()
  const least = endsAt ?? Number.MAX_SAFE_INTEGER
  for (let i = 0; i < lines.length; i += perQuery) {
    const rows = await db
      .selectFrom('ip_blacklist')
      .select(['cidr', 'ends_at'])
      .where(
        'cidr',
        'in',
        lines.slice(i, i + perQuery).map(({ prefix }) => prefix.text),
      )
      .where('event_type', '=', 'manual')
      .where('lifted_at', 'is', null)
      .where(eb => eb.or([eb('ends_at', 'is', null), eb('ends_at', '>', now)]))
      .execute()
    for (const { cidr, ends_at } of rows)
      if ((ends_at ?? Number.MAX_SAFE_INTEGER) >= least) standing.add(cidr)
  }
  return standing
}

async function write(services: BanServices, bans: Omit<BanRow, 'version'>[], reason: string): Promise<void> {
  await recorded(services, 'ban import', async trx => {
    await writeBans(trx, bans)
    const cidrs = bans.slice(0, mostRecorded).map(({ cidr }) => cidr)
    const after = { count: bans.length, reason, ends_at: bans[0]!.ends_at, cidrs }
    return { target: `${bans.length} prefixes`, before: null, after, result: null }
  })
  await announce(services)
  for (const { event_type } of bans) services.metrics?.banMade(event_type)
}
