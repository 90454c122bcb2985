/** Many mailboxes at once. Plain passwords are sealed digests at first (stored-password.ts), so nobody waits for hashes. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import type { Database, User } from '../database/schema.ts'
import { takeVersion } from '../database/version.ts'
import { parseInput, text } from '../input.ts'
import { recordedEach } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { forget } from './forget.ts'
import { type FileRow, formats, readRows, refuseRepeats, rowsPerTurn } from './import-file.ts'
import {
  asLineError,
  changesAnything,
  changeUser,
  type LineError,
  lineError,
  makeUser,
  readRow,
  type Wanted,
} from './import-row.ts'
import { describeMailbox } from './mailbox.ts'
import type { MailboxServices } from './manage.ts'
import { listColumns } from './search-text.ts'
import { noticeSealed } from './upgrade.ts'

const options = {
  mode: z
    .enum(['skip', 'all_or_nothing'], 'must be skip or all_or_nothing')
    .default('skip')
    .describe(
      'What a bad line means: that it is left out, or that nothing is done (then at most 5000 lines).',
    ),
  existing: z
    .enum(['skip', 'change'], 'must be skip or change')
    .default('skip')
    .describe('What becomes of mailboxes that are there: nothing, or they get what the line gives.'),
  dry_run: z.boolean('must be true or false').default(false),
}

export const importFile = z.strictObject({
  format: z.enum(formats, `must be one of ${formats.join(', ')}`),
  content: text().describe(
    'CSV whose first line names the columns, or a JSON object per line. name; for new ones password (at most 200 at ' +
      'once) or password_hash (bcrypt, cost 10 to 12); owner, protocols, pool, enabled.',
  ),
  ...options,
})

const fileRow = z.union([
  z.strictObject({ line: z.int(), fields: z.record(z.string(), z.unknown()) }),
  z.strictObject({ line: z.int(), error: z.strictObject({ field: z.string(), message: z.string() }) }),
])
const how = z.strictObject(options)
const importedRows = how.extend({ rows: z.array(fileRow) })

export const importReport = z.strictObject({
  dry_run: z.boolean(),
  done: z.boolean().describe('false: nothing was done, and nothing would be without dry_run.'),
  rows: z.int(),
  added: z.int(),
  changed: z.int(),
  skipped: z.int().describe('There already, and left or found as they are.'),
  failed: z.int(),
  errors: z.array(lineError).describe('At most 1000.'),
})
export type ImportReport = z.infer<typeof importReport>

export const mostPlain = 200
const mostAtOnce = 5_000
const mostErrors = 1_000
/** The shortest that can be right have some fifty bytes. */
const mostLines = 100_000
/** So few that logins on an embedded gateway wait for some milliseconds at most. */
const rowsPerStep = 100

/** @throws Refusal when the file cannot be read, or asks for too much at once; then nothing has been done */
export async function importMailboxes(services: MailboxServices, input: unknown): Promise<ImportReport> {
  const { format, content, ...rest } = parseInput(importFile, input)
  const rows: FileRow[] = []
  for await (const row of readRows(format, content)) {
    if (rows.length === mostLines)
      throw new Refusal('invalid', 'content', `content has more than ${mostLines} lines; send it in parts`)
    rows.push(row)
  }
  return takeAll(services, rows, rest)
}

/** The same for rows that were read elsewhere. */
export async function importRows(services: MailboxServices, input: unknown): Promise<ImportReport> {
  const { rows, ...rest } = parseInput(importedRows, input)
  return takeAll(services, rows, rest)
}

async function takeAll(
  services: MailboxServices,
  rows: FileRow[],
  { mode, existing, dry_run }: z.output<typeof how>,
): Promise<ImportReport> {
  const errors: LineError[] = []
  const wanted: Wanted[] = []
  const once = refuseRepeats(services.settings.auth.default_domain)
  for (const [i, row] of rows.entries()) {
    if (i % rowsPerTurn === 0) await nextTurn()
    const read = readRow(services, once(row))
    if ('errors' in read) errors.push(...read.errors)
    else wanted.push(read)
  }
  refuseTooMany(wanted, rows.length, mode)

  const isWhole = mode === 'all_or_nothing'
  const step = isWhole ? Math.max(1, wanted.length) : rowsPerStep
  const sums = { added: 0, changed: 0, skipped: 0 }
  for (let at = 0; at < wanted.length && !(isWhole && errors.length > 0); at += step) {
    const part = wanted.slice(at, at + step)
    const outcome = await takeRows(services, part, { existing, dry_run, isWhole })
    errors.push(...outcome.errors)
    if (isWhole && errors.length > 0) break
    for (const kind of ['added', 'changed', 'skipped'] as const) sums[kind] += outcome[kind]
  }
  errors.sort((a, b) => a.line - b.line)
  return {
    dry_run,
    done: !dry_run && !(isWhole && errors.length > 0),
    rows: rows.length,
    ...sums,
    failed: new Set(errors.map(({ line }) => line)).size,
    errors: errors.slice(0, mostErrors),
  }
}

function refuseTooMany(wanted: Wanted[], rows: number, mode: string): void {
  const refuse = (why: string) => new Refusal('invalid', 'content', `content ${why}`)
  const plain = wanted.filter(({ password }) => password !== undefined).length
  if (plain > mostPlain)
    throw refuse(`has ${plain} plain passwords, and at most ${mostPlain} are taken at once`)
  if (mode === 'all_or_nothing' && rows > mostAtOnce)
    throw refuse(`has ${rows} lines, and all or nothing takes at most ${mostAtOnce}`)
}

interface How {
  existing: 'skip' | 'change'
  dry_run: boolean
  isWhole: boolean
}

interface Taken {
  errors: LineError[]
  added: number
  changed: number
  skipped: number
}

/** One step: in as a whole or not at all, but for the lines at fault where they may be left out. */
async function takeRows(services: MailboxServices, rows: Wanted[], how: How): Promise<Taken> {
  if (how.dry_run) return (await plan(services, services.db, rows, how, 0)).taken
  const { taken, changed, version } = await recordedEach(services, 'user import', async trx => {
    // Whoever else changes mailboxes waits: what is planned here stays true.
    const version = await takeVersion(trx, 'mailbox_version')
    const planned = await plan(services, trx, rows, how, version)
    const { taken, inserts, updates } = planned
    if (how.isWhole && taken.errors.length > 0) return { done: [], result: { taken, changed: [], version } }
    for (let at = 0; at < inserts.length; at += rowsPerStep) {
      const some = inserts.slice(at, at + rowsPerStep)
      await trx
        .insertInto('users')
        .values(some.map(user => ({ ...user, ...listColumns(user) })))
        .execute()
    }
    for (const { before, after } of updates) {
      const values = { ...after, ...listColumns(after) }
      await trx.updateTable('users').set(values).where('id', '=', before.id).execute()
    }
    if (rows.some(({ password }) => password !== undefined)) await noticeSealed(trx, services.clock())
    const done = [
      ...inserts.map(user => ({ target: user.name, before: null, after: describeMailbox(user) })),
      ...updates.map(({ before, after }) => ({
        target: after.name,
        before: describeMailbox(before),
        after: {
          ...describeMailbox(after),
          ...(before.password_hash !== after.password_hash && { password: 'changed' }),
        },
      })),
    ]
    return { done, result: { taken, changed: updates.map(({ after }) => after.name), version } }
  })
  for (const name of changed) await forget(services, name, version)
  return taken
}

async function plan(
  services: MailboxServices,
  db: Database,
  rows: Wanted[],
  { existing }: How,
  version: number,
) {
  const users = await readUsers(db, rows)
  const taken: Taken = { errors: [], added: 0, changed: 0, skipped: 0 }
  const inserts: User[] = []
  const updates: { before: User; after: User }[] = []
  for (const row of rows) {
    const before = users.get(row.name)
    try {
      if (!before) inserts.push(makeUser(services, row, version))
      else if (existing === 'change' && changesAnything(row, before))
        updates.push({ before, after: changeUser(services, row, before, version) })
      else taken.skipped++
    } catch (error) {
      taken.errors.push(asLineError(row.line, error))
    }
  }
  taken.added = inserts.length
  taken.changed = updates.length
  return { taken, inserts, updates }
}

const namesAtOnce = 500

async function readUsers(db: Database, rows: Wanted[]): Promise<Map<string, User>> {
  const users = new Map<string, User>()
  for (let at = 0; at < rows.length; at += namesAtOnce) {
    const names = rows.slice(at, at + namesAtOnce).map(({ name }) => name)
    const found = await db.selectFrom('users').selectAll().where('name', 'in', names).execute()
    for (const user of found) users.set(user.name, user)
  }
  return users
}
