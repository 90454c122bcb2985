/** start, migrate, config. */
import type { Command } from 'commander'
import { migrateDown, migrateUp, readMigrationStatus } from '../../lib/database/migrate.ts'
import { openSqlite } from '../../lib/database/open.ts'
import type { Database } from '../../lib/database/schema.ts'
import { describeConfig, loadConfig } from '../../lib/runtime/config.ts'
import { embeddedFile } from '../../lib/runtime/services.ts'
import { migrations } from '../../migrations/index.ts'
import { lockDatabase } from '../adapter/data-folder.ts'
import { runGateway } from '../adapter/main.ts'
import { type OutputOptions, print, table } from './output.ts'

const readConfig = () => loadConfig({ env: process.env, cwd: process.cwd() })

export function addProcessCommands(program: Command): void {
  program
    .command('start')
    .description('run the gateway until SIGTERM or Ctrl-C')
    .action(() => runGateway(readConfig()))

  const config = program.command('config').description('the configuration of this machine')
  config
    .command('print')
    .description('effective values, secrets masked, each with its source')
    .option('--json', 'as JSON')
    .action((options: OutputOptions) => {
      print(options, describeConfig(readConfig()), rows =>
        table(
          ['SETTING', 'VALUE', 'SOURCE'],
          rows.map(({ key, value, source }) => [key, value, source]),
          '',
        ),
      )
    })

  const migrate = program
    .command('migrate')
    .description('the database schema; the gateway must not be running')
  migrate
    .command('up')
    .description('apply what is missing (start does this by itself on the embedded database)')
    .option('--json', 'as JSON')
    .action(async (options: OutputOptions) => {
      print(options, await withDatabase(db => migrateUp(db, migrations)), showSteps)
    })
  migrate
    .command('down')
    .description('take back the newest migration, its tables with all their rows')
    .option('--json', 'as JSON')
    .action(async (options: OutputOptions) => {
      print(options, await withDatabase(db => migrateDown(db, migrations)), showSteps)
    })
  migrate
    .command('status')
    .description('which migrations are applied')
    .option('--json', 'as JSON')
    .action(async (options: OutputOptions) => {
      print(options, await withDatabase(db => readMigrationStatus(db, migrations)), rows =>
        table(
          ['MIGRATION', 'APPLIED'],
          rows.map(({ name, appliedAt }) => [name, appliedAt ?? 'no']),
          'no migrations',
        ),
      )
    })
}

async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const config = readConfig()
  const file = embeddedFile(config)
  const lock = lockDatabase(config)
  const { db, close } = openSqlite(file)
  try {
    return await work(db)
  } finally {
    await close()
    lock.release()
  }
}

const showSteps = (steps: { name: string; direction: 'Up' | 'Down' }[]) =>
  steps
    .map(({ name, direction }) => `${direction === 'Up' ? 'applied' : 'taken back'}  ${name}`)
    .join('\n') || 'nothing to do'
