/** Administrators and where they are signed in. */
import type { Command } from 'commander'
import type { Admin, WithOneTimePassword } from '../../lib/admin/admin.ts'
import { roles } from '../../lib/admin/roles.ts'
import type { ShownSession } from '../../lib/admin/sessions.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { VerbResult } from '../adapter/verbs.ts'
import { call } from './call.ts'
import { countOf, type OutputOptions, print, showTime, table } from './output.ts'
import { readNumber } from './values.ts'

export function addAdminCommands(program: Command): void {
  const admin = program.command('admin').description('administrators of the console and the API')

  admin
    .command('add <name>')
    .description('add one; prints a password for the first sign-in, once')
    .requiredOption('--role <role>', `one of ${roles.join(', ')}`)
    .option('--json', 'as JSON, the password in the field one_time_password')
    .action(async (username: string, { json, role }: OutputOptions & { role: string }) => {
      print({ json }, await call('admin add', { username, role }), showPassword)
    })

  admin
    .command('list [search]')
    .description('administrators by name, all or those whose name contains the search text')
    .option('--limit <n>', 'at most so many, 1 to 500', readNumber, 100)
    .option('--after <name>', 'go on after this name, the last one of the page before')
    .option('--json', 'as JSON')
    .action(
      async (
        search: string | undefined,
        { json, ...page }: OutputOptions & { limit: number; after?: string },
      ) => {
        print({ json }, await call('admin list', { search, ...page }), showPage)
      },
    )

  admin
    .command('role <name> <role>')
    .description(`change the role: ${roles.join(', ')}`)
    .option('--json', 'as JSON')
    .action(async (username: string, role: string, options: OutputOptions) => {
      const changed = await call('admin set', { username, changes: { role } })
      print(options, changed, one => `${one.username} is ${one.role} now`)
    })

  for (const [verb, enabled, about] of [
    ['enable', true, 'let one sign in again'],
    ['disable', false, 'let one sign in no more, and end the sessions'],
  ] as const) {
    admin
      .command(`${verb} <name>`)
      .description(about)
      .option('--json', 'as JSON')
      .action(async (username: string, options: OutputOptions) => {
        const changed = await call('admin set', { username, changes: { enabled } })
        print(options, changed, one => `${verb}d ${one.username}`)
      })
  }

  admin
    .command('delete <name>')
    .description('delete one; what is in the operation log stays')
    .option('--json', 'as JSON')
    .action(async (username: string, options: OutputOptions) => {
      const outcome = await call('admin delete', { username })
      print(options, outcome, ({ deleted }) => (deleted ? `deleted ${username}` : `there was no ${username}`))
    })

  admin
    .command('unlock <name>')
    .description('lift what wrong passwords have led to')
    .option('--json', 'as JSON')
    .action(async (username: string, options: OutputOptions) => {
      print(options, await call('admin unlock', { username }), one => `unlocked ${one.username}`)
    })

  admin
    .command('reset-password <name>')
    .description('another password in place of a lost one; prints it once, and ends the sessions')
    .option('--json', 'as JSON, the password in the field one_time_password')
    .action(async (username: string, options: OutputOptions) => {
      print(options, await call('admin reset-password', { username }), showPassword)
    })

  admin
    .command('reset-totp <name>')
    .description('no one-time codes any more, for a lost phone')
    .option('--json', 'as JSON')
    .action(async (username: string, options: OutputOptions) => {
      const reset = await call('admin reset-totp', { username })
      print(options, reset, one => `${one.username} signs in without codes now`)
    })

  addSessionCommands(program)
}

function addSessionCommands(program: Command): void {
  const session = program.command('session').description('where administrators are signed in')

  session
    .command('list [name]')
    .description('sessions of all administrators or of one, the newest first')
    .option('--json', 'as JSON')
    .action(async (username: string | undefined, options: OutputOptions) => {
      print(options, await call('session list', { username }), showSessions)
    })

  session
    .command('end [session]')
    .description('end one session, named by its id, or all of an administrator')
    .option('--admin <name>', 'all of this one')
    .option('--json', 'as JSON')
    .action(async (id: string | undefined, { json, admin: username }: OutputOptions & { admin?: string }) => {
      if ((id === undefined) === (username === undefined))
        throw new Refusal('invalid', 'session', 'name either a session, see session list, or --admin NAME')
      const outcome = await call('session end', id === undefined ? { username } : { id })
      print({ json }, outcome, ({ ended }) => `ended ${countOf(ended, 'session')}`)
    })
}

const showPassword = ({ username, one_time_password }: WithOneTimePassword) =>
  [
    `${username} signs in with this password, and has to change it then. It is shown this once:`,
    one_time_password,
  ].join('\n')

function showPage({ items, next }: VerbResult<'admin list'>): string {
  const more = next === null ? '' : `\n${items.length} shown; go on with --after ${next}`
  return `${showAdmins(items)}${more}`
}

const showAdmins = (admins: Admin[]) =>
  table(
    ['NAME', 'ROLE', 'STATE', 'CODES', 'LAST SIGN-IN'],
    admins.map(one => [
      one.username,
      one.role,
      stateOf(one),
      one.totp === 'off' ? '' : one.totp,
      one.last_signed_in_at === null ? 'never' : showTime(one.last_signed_in_at),
    ]),
    'no administrators',
  )

function stateOf({ enabled, locked_until, must_change_password }: Admin): string {
  if (!enabled) return 'disabled'
  if (locked_until !== null) return `locked until ${showTime(locked_until)}`
  return must_change_password ? 'must change password' : 'enabled'
}

const showSessions = (sessions: ShownSession[]) =>
  table(
    ['SESSION', 'NAME', 'SINCE', 'LAST USED', 'FROM', 'WITH'],
    sessions.map(one => [
      one.id,
      one.username,
      showTime(one.created_at),
      showTime(one.used_at),
      one.client_address,
      one.user_agent,
    ]),
    'nobody is signed in',
  )
