/** Settings that are changed while the gateway runs. */
import type { Command } from 'commander'
import type { SettingView } from '../../lib/live-settings/view.ts'
import { Refusal } from '../../lib/refusal.ts'
import { definitions, isSettingKey } from '../../lib/settings/definitions.ts'
import { call } from './call.ts'
import { type OutputOptions, print, showTime, table } from './output.ts'
import { readPassword } from './password.ts'

export function addSettingCommands(program: Command): void {
  const setting = program
    .command('setting')
    .description('settings; a change is in force at the next login on every gateway of this database')

  setting
    .command('list [section]')
    .description(
      'all settings, or those of a section such as auth, with what is in force and where it is from',
    )
    .option('--json', 'as JSON')
    .action(async (section: string | undefined, options: OutputOptions) => {
      const all = await call('setting list', {})
      const shown = section === undefined ? all : all.filter(({ key }) => key.startsWith(`${section}.`))
      print(options, shown, showList)
    })

  setting
    .command('get <key>')
    .description('one setting: its value, what is allowed and what it is for')
    .option('--json', 'as JSON')
    .action(async (key: string, options: OutputOptions) => {
      print(options, await call('setting get', { key }), showOne)
    })

  setting
    .command('set <key> [value]')
    .description('change it; the value is written as in the configuration file')
    .option('--value-stdin', 'read the value from standard input, as is right for a secret')
    .option('--json', 'as JSON')
    .action(
      async (key: string, given: string | undefined, options: OutputOptions & { valueStdin?: true }) => {
        if ((given === undefined) !== (options.valueStdin === true))
          throw new Refusal('invalid', 'value', 'give either a value or --value-stdin')
        if (given !== undefined && isSettingKey(key) && definitions[key].secret)
          throw new Refusal(
            'invalid',
            'value',
            'others can see this command line: give a secret with --value-stdin',
          )
        const value = given ?? (await readPassword())
        print(options, await call('setting set', { key, value }), showChange)
      },
    )

  setting
    .command('unset <key>')
    .description('back to what the configuration file or the default says')
    .option('--json', 'as JSON')
    .action(async (key: string, options: OutputOptions) => {
      print(options, await call('setting unset', { key }), showChange)
    })
}

const showList = (settings: SettingView[]) =>
  table(
    ['SETTING', 'VALUE', 'SOURCE', ''],
    settings.map(setting => [setting.key, showValue(setting), setting.source, noteOf(setting)]),
    'no such section',
  )

function showOne(setting: SettingView): string {
  const { key, source, help, version, updated_at } = setting
  const rows = [
    ['source', source],
    ['default', setting.default],
    ['allowed', describeShape(setting)],
    ['for', help.en],
    ['', help.zh],
    ...(setting.configured !== null && source === 'system_config'
      ? [['without it', setting.configured]]
      : []),
    ...(updated_at === null ? [] : [['set', `${showTime(updated_at)}, version ${version}`]]),
    ...(noteOf(setting) === '' ? [] : [['note', noteOf(setting)]]),
  ]
  return table([key, showValue(setting)], rows, '')
}

const showChange = (setting: SettingView) => `${setting.key} is ${showValue(setting)} (${setting.source})`

const showValue = ({ value, is_set }: SettingView) => value ?? (is_set ? '********' : '')

function noteOf({ live, pinned, invalid }: SettingView): string {
  if (invalid !== null) return `what was set is not in force: it ${invalid}`
  if (pinned !== null && live) return 'held by the environment'
  return live ? '' : 'needs a restart'
}

function describeShape({ type, min, max, choices }: SettingView): string {
  if (choices) return choices.join(', ')
  const kind = type.replaceAll('_', ' ')
  if (min === undefined) return kind
  return max === undefined ? `${kind} from ${min}` : `${kind} from ${min} to ${max}`
}
