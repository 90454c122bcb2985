/** Mailbox accounts. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Mailbox } from '../../lib/mailbox/mailbox.ts'
import { protocols } from '../../lib/mailbox/protocols.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { VerbResult } from '../adapter/verbs.ts'
import { call } from './call.ts'
import { addNotifyCommand } from './notify-commands.ts'
import { type OutputOptions, print, showTime, table } from './output.ts'
import { readNewPassword } from './password.ts'
import { addTotpCommands, codesAreOn, printEnrolled, type QrOptions, withQr } from './totp-commands.ts'
import { addUserFileCommands } from './user-files.ts'
import { readDashes, readList, readNumber } from './values.ts'

interface PasswordOptions extends OutputOptions {
  passwordStdin?: boolean
}

interface Assignment {
  owner?: string
  protocols?: string[]
  pool?: string | null
}

const allowed = `allowed protocols, of ${protocols.join(',')}`

interface ListOptions {
  pool?: string
  desc?: true
}

const yesOrNo = (name: string, help: string) =>
  new Option(`--${name} <yes|no>`, help).argParser(text => {
    if (text === 'yes' || text === 'no') return text === 'yes'
    throw new InvalidArgumentError('Say yes or no.')
  })

export function addUserCommands(program: Command): void {
  const user = program.command('user').description('mailbox accounts')

  withQr(user.command('add'))
    .description('create a mailbox; asks for the password (8 characters to 72 bytes)')
    .argument('<name>', 'such as joe@example.org; letter case does not matter')
    .option('--owner <text>', 'who answers for it')
    .option('--password-stdin', 'read the password from standard input instead')
    .option('--protocols <list>', `${allowed} (default: all)`, readList)
    .option('--pool <name>', 'send its logins to the backends of this pool')
    .option('--totp', 'it needs one-time codes from the first login on; shows the secret once')
    .action(async (name: string, options: PasswordOptions & QrOptions & Assignment & { totp?: true }) => {
      const { json, qr, passwordStdin = false, ...wanted } = options
      if (qr !== undefined && !wanted.totp)
        throw new Refusal('invalid', 'qr', '--qr shows a secret: add --totp')
      const password = await readNewPassword(passwordStdin)
      const added = await call('user add', { name, password, ...wanted })
      if ('otpauth' in added) await printEnrolled({ json, qr }, added, codesAreOn)
      else print({ json }, added, ({ name }) => `added ${name}`)
    })

  user
    .command('list [search]')
    .description('mailboxes, all or those whose name or owner contains the search text')
    .addOption(yesOrNo('enabled', 'only those that are enabled, or not'))
    .addOption(yesOrNo('locked', 'only those that guessing has locked now, or not'))
    .addOption(
      new Option('--totp <state>', 'only those whose codes are so').choices(['off', 'pending', 'on']),
    )
    .option('--domain <domain>', 'only those of this domain')
    .option('--pool <name>', 'only those of this pool; - for those without one')
    .addOption(
      new Option('--sort <by>', 'in the order of')
        .choices(['name', 'owner', 'created_at', 'updated_at'])
        .default('name'),
    )
    .option('--desc', 'the other way round')
    .option('--limit <n>', 'at most so many, 1 to 1000', readNumber, 100)
    .option('--after <text>', 'go on after the page that ended with this')
    .option('--json', 'as JSON')
    .action(
      async (search: string | undefined, { json, desc, pool, ...query }: OutputOptions & ListOptions) => {
        const order = desc ? 'desc' : 'asc'
        const found = await call('user list', { search, ...query, order, pool: pool === '-' ? '' : pool })
        print({ json }, found, showPage)
      },
    )

  user
    .command('show <name>')
    .description('one mailbox, its familiar networks, and what guessing has led to')
    .option('--json', 'as JSON')
    .action(async (name: string, options: OutputOptions) => {
      print(options, await call('user show', { name }), showGuarded)
    })

  user
    .command('set <name>')
    .description('change owner, protocols or pool')
    .option('--owner <text>', 'who answers for it')
    .option('--protocols <list>', allowed, readList)
    .option('--pool <name>', 'send its logins to the backends of this pool; - for none')
    .option('--json', 'as JSON')
    .action(async (name: string, { json, ...changes }: OutputOptions & Assignment) => {
      print({ json }, await call('user set', { name, changes: readDashes(changes) }), showOne)
    })

  user
    .command('set-password <name>')
    .description('set a new password; asks for it. The old one is refused at the next login')
    .option('--password-stdin', 'read the password from standard input instead')
    .option('--json', 'as JSON')
    .action(async (name: string, { json, passwordStdin = false }: PasswordOptions) => {
      const password = await readNewPassword(passwordStdin)
      const changed = await call('user set-password', { name, password })
      print({ json }, changed, mailbox => `password of ${mailbox.name} changed`)
    })

  for (const verb of ['enable', 'disable'] as const) {
    user
      .command(`${verb} <name>`)
      .description(verb === 'enable' ? 'let it log in again' : 'refuse its logins from the next one on')
      .option('--json', 'as JSON')
      .action(async (name: string, options: OutputOptions) => {
        print(options, await call(`user ${verb}`, { name }), mailbox => `${verb}d ${mailbox.name}`)
      })
  }

  user
    .command('unlock <name>')
    .description('lift what guessing has led to: locks, counters, and the long count; bans of addresses stay')
    .option('--json', 'as JSON')
    .action(async (name: string, options: OutputOptions) => {
      print(options, await call('user unlock', { name }), mailbox => `unlocked ${mailbox.name}`)
    })

  user
    .command('delete <name>')
    .description('delete the account; its auth log stays')
    .option('--json', 'as JSON')
    .action(async (name: string, options: OutputOptions) => {
      print(options, await call('user delete', { name }), () => `deleted ${name}`)
    })

  user
    .command('forget <name> [network]')
    .description('make one familiar network, or all, strange again: as for a lost phone')
    .option('--json', 'as JSON')
    .action(async (name: string, network: string | undefined, options: OutputOptions) => {
      print(options, await call('user forget', { name, network }), ({ forgotten }) => `forgot ${forgotten}`)
    })

  addTotpCommands(user)
  addUserFileCommands(user)
  addNotifyCommand(user)
}

function showPage({ items, next, total }: VerbResult<'user list'>): string {
  const more = next === null ? '' : `\n${items.length} of ${total} shown; go on with --after ${next}`
  return `${showList(items)}${more}`
}

function showList(mailboxes: VerbResult<'user list'>['items']): string {
  const rows = mailboxes.map(m => [
    m.name,
    [m.enabled ? 'enabled' : 'disabled', ...showLocked(m.locked)].join(', '),
    m.protocols.join(','),
    m.totp === 'off' ? '' : m.totp,
    m.pool ?? '',
    m.owner,
  ])
  return table(['NAME', 'STATE', 'PROTOCOLS', 'CODES', 'POOL', 'OWNER'], rows, 'no mailboxes')
}

/** For a column: mailboxes that are not locked need no word. */
const showLocked = (locked: boolean | null) => (locked ? ['locked'] : locked === null ? ['lock unknown'] : [])

function showGuarded(mailbox: VerbResult<'user show'>): string {
  const since = new Map(
    mailbox.networks.map(({ network, last_success_at }) => [network, showTime(last_success_at)]),
  )
  const rows = mailbox.counters?.map(counter => [
    counter.network ?? 'strangers',
    counter.locked_until === null ? `${counter.wrong}/${counter.limit}` : '-',
    showLock(counter),
    counter.network === null ? '' : (since.get(counter.network) ?? ''),
  ])
  const { guesses, most_guesses, counters } = mailbox
  const strangers = counters?.find(counter => 'networks_that_guessed' in counter)
  const tried = `networks that guessed lately: ${strangers?.networks_that_guessed ?? 0}`
  const total = `wrong passwords of strangers since the last success of one: ${guesses} of ${most_guesses}`
  const shut = guesses >= most_guesses ? ', shut to strangers until: user unlock' : ''
  const head = ['FROM', 'WRONG', 'LOCK', 'LAST SUCCESS (±1h)']
  const guessing = rows ? [table(head, rows, ''), tried] : ['counters and locks: unknown, Redis is away']
  return [showOne(mailbox), '', ...guessing, `${total}${shut}`].join('\n')
}

function showLock(counter: NonNullable<VerbResult<'user show'>['counters']>[number]): string {
  if (counter.locked_until !== null) return `locked until ${showTime(counter.locked_until)}`
  const { shut } = counter
  return shut == null ? '' : `${shut.reason.replaceAll('_', ' ')} until ${showTime(shut.until)}`
}

function showOne(mailbox: Mailbox): string {
  return table(
    ['name', mailbox.name],
    [
      ['login at backend', mailbox.login],
      ['owner', mailbox.owner],
      ['state', mailbox.enabled ? 'enabled' : 'disabled'],
      ['protocols', mailbox.protocols.join(', ')],
      ['pool', mailbox.pool ?? 'none'],
      ['one-time codes', mailbox.totp],
      ['created', showTime(mailbox.created_at)],
      ['changed', showTime(mailbox.updated_at)],
    ],
    '',
  )
}
