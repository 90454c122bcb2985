/** A setting as the command line and the API show it. */
import { z } from 'zod'
import { type SettingKey, settingKeys } from '../settings/definitions.ts'
import { type Configured, faultOf, inForce, pinOf } from './configured.ts'
import { definitionOf, printValue, readText, type Stored } from './stored.ts'

const text = z.string()

export const settingSchema = z.strictObject({
  key: text.describe('Section and name, as auth.fail_ttl.'),
  type: text.describe('What is accepted: duration, whole_number, size, choice, text, secret, domain …'),
  min: z.union([z.number(), z.string()]).optional().describe('Least value, or least number of characters.'),
  max: z.union([z.number(), z.string()]).optional(),
  choices: z.array(text).optional(),
  placeholders: z.array(text).optional().describe('What a text can hold: {user} …'),
  value: text.nullable().describe('In force, written as in the configuration file; null for a secret.'),
  is_set: z.boolean().describe('Whether the value is not empty.'),
  source: text.describe('system_config, default, the file, or environment and the name of the variable.'),
  configured: text
    .nullable()
    .describe('What holds when nothing is set here: of environment, file or default. Null for a secret.'),
  default: text,
  secret: z.boolean().describe('Write-only.'),
  live: z.boolean().describe('Whether it can be changed here; the others need the file and a restart.'),
  pinned: text.nullable().describe('The variable of the environment that holds it as it is.'),
  invalid: text.nullable().describe('Why what was set here is not in force.'),
  help: z.strictObject({ en: text, zh: text }),
  version: z.int().describe('Of the value that was set here; 0 = none is. Send it back with a change.'),
  updated_at: z.int().nullable().describe('When it was set here, UTC milliseconds.'),
})

export type SettingView = z.infer<typeof settingSchema>

export function viewOf(configured: Configured, key: SettingKey, stored: Stored | undefined): SettingView {
  const definition = definitionOf(key)
  const { value, source } = inForce(configured, key, stored)
  const print = (value: unknown) => printValue(key, value)
  const shown = (value: unknown) => (definition.secret ? null : print(value))
  return {
    key,
    ...definition.type.shape,
    value: shown(value),
    is_set: print(value) !== '',
    source,
    configured: shown(inForce(configured, key, undefined).value),
    default: printDefault(key),
    secret: definition.secret,
    live: definition.live,
    pinned: pinOf(configured, key),
    invalid: faultOf(stored?.read),
    help: definition.help,
    version: stored?.version ?? 0,
    updated_at: stored?.updated_at ?? null,
  }
}

export const viewAll = (configured: Configured, stored: ReadonlyMap<SettingKey, Stored>): SettingView[] =>
  settingKeys.map(key => viewOf(configured, key, stored.get(key)))

/** Spelled as values are, so that both can be compared. */
function printDefault(key: SettingKey): string {
  const read = readText(key, definitionOf(key).default)
  return 'value' in read ? printValue(key, read.value) : ''
}
