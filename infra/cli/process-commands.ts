/** start, ready, migrate, config. */
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { Refusal } from '../../lib/refusal.ts'
import { describeConfig, loadConfig } from '../../lib/runtime/config.ts'
import { askReady } from './ask-ready.ts'
import { call } from './call.ts'
import type { MigrateResult } from './migrate.ts'
import { type OutputOptions, print, table } from './output.ts'

const readConfig = () => loadConfig({ env: process.env, cwd: process.cwd() })

export function addProcessCommands(program: Command): void {
  program
    .command('start')
    .description('run the gateway, or with RELAY_URL the relay to it, until SIGTERM or Ctrl-C')
    .action(async () => {
      const config = readConfig()
      const { relayUrl } = config
      if (relayUrl) {
        const { runRelay } = await import('../relay/main.ts')
        return runRelay({ ...config, relayUrl })
      }
      const { runGateway } = await import('../adapter/main.ts')
      await runGateway(config)
    })

  program
    .command('ready')
    .description('whether the gateway that runs in these settings can decide logins: what /readyz says')
    .option('--json', 'as JSON')
    .action(async (options: OutputOptions) => {
      print(options, await askReady(readConfig().settings.server), said => said)
    })

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

  program
    .command('secrets')
    .description('what is sealed in the database')
    .command('reseal')
    .description('seal it anew under the first secret of MAILGATEWAY_SECRET_KEY, after one was put in front')
    .option('--json', 'as JSON')
    .action(async (options: OutputOptions) => {
      const outcome = await call('secrets reseal', {})
      const left = [...outcome.broken, ...outcome.broken_settings]
      const hint = `; no secret of MAILGATEWAY_SECRET_KEY opens those of ${left.join(', ')}: list the old one too, or user set-password, user totp reset and setting set`
      print(options, outcome, ({ resealed }) => `sealed ${resealed} anew${left.length > 0 ? hint : ''}`)
      if (left.length > 0) process.exitCode = 1
    })

  const migrate = program
    .command('migrate')
    .description('the database schema; no gateway should be running')
    .option('--create', 'make the database on the MySQL or MariaDB server first, if it is not there, then up')
    .action(async ({ create }: { create?: boolean }, command: Command) => {
      if (!create) return command.help({ error: true })
      const { createAndMigrate } = await import('./migrate.ts')
      print({}, await createAndMigrate(readConfig()), showSteps)
    })
  const steps = {
    up: 'apply what is missing; start does this by itself',
    down: 'take back the newest migration, its tables with all their rows',
  }
  for (const verb of ['up', 'down'] as const) {
    migrate
      .command(verb)
      .description(steps[verb])
      .option('--json', 'as JSON')
      .action(async (options: OutputOptions) => {
        if (verb === 'down') await confirmDown()
        const { migrate } = await import('./migrate.ts')
        print(options, await migrate(readConfig(), verb), showSteps)
      })
  }
  migrate
    .command('status')
    .description('which migrations are applied')
    .option('--json', 'as JSON')
    .action(async (options: OutputOptions) => {
      const { migrate } = await import('./migrate.ts')
      print(options, await migrate(readConfig(), 'status'), rows =>
        table(
          ['MIGRATION', 'APPLIED'],
          rows.map(({ name, appliedAt }) => [name, appliedAt ?? 'no']),
          'no migrations',
        ),
      )
    })
}

/** At a terminal; a script that says `down` means it. */
async function confirmDown(): Promise<void> {
  if (!process.stdin.isTTY) return
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(
    'This deletes the newest tables with all their rows. Type yes to go on: ',
  )
  terminal.close()
  if (answer.trim() !== 'yes') throw new Refusal('conflict', 'migrate', 'nothing was changed')
}

const showSteps = (steps: MigrateResult<'up' | 'down'>) =>
  steps
    .map(({ name, direction }) => `${direction === 'Up' ? 'applied' : 'taken back'}  ${name}`)
    .join('\n') || 'nothing to do'
