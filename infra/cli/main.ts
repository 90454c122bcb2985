/** The mailgateway command. */
import { Command, CommanderError } from 'commander'
import { Refusal } from '../../lib/refusal.ts'
import { ConfigError } from '../../lib/runtime/config-error.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { addAdminCommands } from './admin-commands.ts'
import { addBackendCommands } from './backend-commands.ts'
import { addBackupCommands } from './backup-commands.ts'
import { addBanCommands } from './ban-commands.ts'
import { addDoctorCommand } from './doctor-command.ts'
import { addImportCommands } from './import-commands.ts'
import { addLogCommands } from './log-commands.ts'
import { addNotifyCommands } from './notify-commands.ts'
import { addOperationCommands } from './operation-commands.ts'
import { addProcessCommands } from './process-commands.ts'
import { addSettingCommands } from './setting-commands.ts'
import { addStatsCommands } from './stats-commands.ts'
import { addTryCommand } from './try-command.ts'
import { addUserCommands } from './user-commands.ts'

const about = `The service that nginx's mail proxy asks at every IMAP, POP3 and SMTP login.

Commands about mailboxes, backends, bans, exceptions, settings and logs work on the running gateway, and are effective at the next login;
when none runs they work on its data folder (MAILGATEWAY_DATA_DIR, default ./data).`

const exitCodes = `
Exit code: 0 done, 1 refused or failed (one line on standard error says why), 2 command line not understood.`

/** Exit codes: 0 done, 1 refused or failed, with one line on standard error that says why, 2 not understood. */
export async function main(argv: string[]): Promise<void> {
  process.stdout.on('error', leaveWhenNobodyReads)
  const program = new Command('mailgateway').description(about).showHelpAfterError().exitOverride()
  program.version(packageJson.version).addHelpText('after', exitCodes)
  addProcessCommands(program)
  addUserCommands(program)
  addAdminCommands(program)
  addBackendCommands(program)
  addBanCommands(program)
  addLogCommands(program)
  addOperationCommands(program)
  addStatsCommands(program)
  addSettingCommands(program)
  addNotifyCommands(program)
  addTryCommand(program)
  addBackupCommands(program)
  addImportCommands(program)
  addDoctorCommand(program)
  try {
    await program.parseAsync(argv)
  } catch (error) {
    process.exitCode = report(error)
  }
}

function report(error: unknown): number {
  // commander has written its own lines already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const expected = error instanceof ConfigError || error instanceof Refusal
  const { message, stack } = error as Error
  const wantsStack = ['debug', 'trace'].includes(process.env.MAILGATEWAY_LOG_LEVEL ?? '')
  const text = wantsStack && !expected ? stack : message.replaceAll('\n', '; ')
  process.stderr.write(`mailgateway: ${text}\n`)
  return 1
}

/** `mailgateway log search | head` closes the pipe early: no failure of ours. */
function leaveWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
}
