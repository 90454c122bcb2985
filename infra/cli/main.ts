/** The mailgateway command. */
import { Command, CommanderError } from 'commander'
import { Refusal } from '../../lib/refusal.ts'
import { ConfigError } from '../../lib/runtime/config-error.ts'
import { addBackendCommands } from './backend-commands.ts'
import { addLogCommands } from './log-commands.ts'
import { addProcessCommands } from './process-commands.ts'
import { addUserCommands } from './user-commands.ts'

const about = `The service that nginx's mail proxy asks at every IMAP, POP3 and SMTP login.

Commands about mailboxes, backends and logs work on the running gateway, and are effective at the next login;
when none runs they work on its data folder (MAILGATEWAY_DATA_DIR, default ./data).`

/** Exit codes: 0 done, 1 refused or failed, with one line on standard error that says why, 2 not understood. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command('mailgateway').description(about).showHelpAfterError().exitOverride()
  addProcessCommands(program)
  addUserCommands(program)
  addBackendCommands(program)
  addLogCommands(program)
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
  process.stderr.write(`mailgateway: ${expected || !process.env.MAILGATEWAY_LOG_LEVEL ? message : stack}\n`)
  return 1
}
