/** backup, restore. */
import { getPriority, setPriority } from 'node:os'
import type { Command } from 'commander'
import { loadConfig } from '../../lib/runtime/config.ts'
import type { Backup } from './backup.ts'
import { type OutputOptions, print, showTime } from './output.ts'
import { readPath } from './values.ts'

const readConfig = () => loadConfig({ env: process.env, cwd: process.cwd() })

export function addBackupCommands(program: Command): void {
  program
    .command('backup')
    .argument('<file>', 'its name; nothing may be there yet', readPath)
    .description(
      'write database and secret key into one new file, readable by its owner only; safe while the gateway runs',
    )
    .option('--json', 'as JSON')
    .action(async (file: string, options: OutputOptions) => {
      // Logins go first: copying keeps a whole core busy.
      setPriority(Math.max(getPriority(), 10))
      const { makeBackup } = await import('./backup.ts')
      print(options, await makeBackup(readConfig(), file), showBackup)
    })

  program
    .command('restore')
    .argument('<file>', 'what backup has written', readPath)
    .description('make a backup the contents of an empty data folder; the gateway must not be running')
    .option('--json', 'as JSON')
    .action(async (file: string, options: OutputOptions) => {
      const { restoreBackup } = await import('./backup.ts')
      print(options, await restoreBackup(readConfig(), file), showRestored)
    })
}

function showBackup({ file, bytes, holdsSecret }: Backup): string {
  const secret = holdsSecret
    ? 'It holds the secret key: keep it as safe as the data folder.'
    : 'MAILGATEWAY_SECRET_KEY is not in it: keep that as well.'
  return `wrote ${file}, ${Math.ceil(bytes / 1024)} KiB\n${secret}`
}

function showRestored({ file, madeAt, holdsSecret }: Backup): string {
  const secret = holdsSecret ? '' : '\nStart the gateway with the MAILGATEWAY_SECRET_KEY of that time.'
  return `restored ${file}, made at ${showTime(madeAt)} UTC${secret}`
}
