/** The original's settings: mail servers become backends, what is a setting here is one, what the console will know is kept, all else is named. */
import { z } from 'zod'
import { newBackendSchema } from '../backend/input.ts'
import { addBackend, type ManageServices } from '../backend/manage.ts'
import { warnOfPort } from '../backend/rules.ts'
import { inTransaction } from '../database/transaction.ts'
import { parseInput } from '../input.ts'
import type { SettingServices } from '../live-settings/change.ts'
import { pinOf } from '../live-settings/configured.ts'
import { setSetting } from '../live-settings/manage.ts'
import { keyOfRow, readStored, readText } from '../live-settings/stored.ts'
import { Refusal } from '../refusal.ts'
import type { SettingKey } from '../settings/definitions.ts'
import { id, parseRows, skip, text } from './fields.ts'
import type { Outcome } from './outcome.ts'

const originalEntry = z.object({ config_key: id, config_value: text })

/** Kept under their own names for the console. */
const kept = ['smtp_account', 'smtp_auth_enable']

const ownCodes = 'each administrator sets up codes of his own'
/** Why the others are not. */
const left: Record<string, string> = {
  totp_key: ownCodes,
  totp_secret: ownCodes,
  smtp_password: 'no secret is taken over in bulk: type it in again in the console',
  'HTTP/HTTPS': 'the configuration file says on which addresses and how the console answers',
}

/** @param rows the whole table of the original */
export async function takeConfig(
  services: ManageServices & SettingServices,
  rows: readonly unknown[],
  dryRun: boolean,
): Promise<Outcome[]> {
  const { parsed, failed } = parseRows(originalEntry, rows)
  const values = new Map(parsed.map(({ config_key, config_value }) => [config_key, config_value]))
  const outcomes: Outcome[] = failed
  for (const [key, value] of values) {
    outcomes.push({ about: '', ...(await takeEntry(services, key, value, values, dryRun)) })
  }
  return outcomes
}

type Entry = Omit<Outcome, 'about'>

async function takeEntry(
  services: ManageServices & SettingServices,
  key: string,
  value: string,
  values: ReadonlyMap<string, string>,
  dryRun: boolean,
): Promise<Entry> {
  switch (key) {
    case 'IMAP':
      return takeBackend(services, key, { protocol: 'imap', ...splitPlace(value, 143) }, dryRun)
    case 'POP3':
      return takeBackend(services, key, { protocol: 'pop3', ...splitPlace(value, 110) }, dryRun)
    case 'smtp_server': {
      const port = values.get('smtp_port') || 25
      return takeBackend(services, key, { protocol: 'smtp', ...splitPlace(value, port) }, dryRun)
    }
    case 'smtp_port':
      return values.has('smtp_server')
        ? { row: key, kind: 'here' }
        : skip(key, 'there is no smtp_server that it belongs to')
  }
  const setting = keyOfRow(key)
  if (setting) return takeSetting(services, key, setting, value, dryRun)
  if (kept.includes(key)) return keep(services, key, value, dryRun)
  return skip(key, `not taken over: ${left[key] ?? 'there is no such setting here'}`)
}

/** `host:port`, `[::1]:143`, or a host alone. */
function splitPlace(text: string, usualPort: number | string): { host: string; port: number | string } {
  const [, bracketed, plain, port] = /^\s*(?:\[(.+)\]|([^:]*))(?::(\d+))?\s*$/.exec(text) ?? []
  return { host: bracketed ?? plain ?? text, port: port ?? usualPort }
}

async function takeBackend(
  services: ManageServices,
  key: string,
  input: { protocol: string; host: string; port: number | string },
  dryRun: boolean,
): Promise<Entry> {
  if (input.host === '') return skip(key, 'is empty: backend add names a mail server')
  try {
    const { protocol, host, port } = parseInput(newBackendSchema, input)
    const known = await services.db
      .selectFrom('backends')
      .select('id')
      .where('protocol', '=', protocol)
      .where('host', '=', host)
      .where('port', '=', port)
      .executeTakeFirst()
    if (known) return { row: key, kind: 'here' }
    if (!dryRun) await addBackend(services, input)
    const warning = warnOfPort(port)
    return { row: key, kind: 'taken', ...(warning && { notes: [warning] }) }
  } catch (error) {
    if (error instanceof Refusal) return skip(key, `no backend can be made of it: ${error.message}`)
    throw error
  }
}

async function takeSetting(
  services: SettingServices,
  row: string,
  key: SettingKey,
  value: string,
  dryRun: boolean,
): Promise<Entry> {
  const stored = await readStored(services.db, services.sealer)
  if (stored.has(key)) return { row, kind: 'here' }
  const read = readText(key, value)
  if ('invalid' in read) return skip(row, `its value ${read.invalid}`)
  const pin = pinOf(services.liveSettings.configured, key)
  if (pin !== null) return skip(row, `the environment of the gateway says it: ${pin}`)
  if (!dryRun) await setSetting(services, { key, value })
  return { row, kind: 'taken' }
}

async function keep(
  { db, clock }: ManageServices,
  name: string,
  value: string,
  dryRun: boolean,
): Promise<Entry> {
  const kind = await inTransaction(db, async trx => {
    const known = await trx
      .selectFrom('system_config')
      .select('name')
      .where('name', '=', name)
      .executeTakeFirst()
    if (known) return 'here'
    if (!dryRun) await trx.insertInto('system_config').values({ name, value, updated_at: clock() }).execute()
    return 'taken'
  })
  return { row: name, kind }
}
