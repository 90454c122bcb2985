/** The mail servers that logins are sent to. */
import type { Command } from 'commander'
import type { Saved } from '../../lib/backend/shapes.ts'
import type { BackendRow } from '../../lib/database/schema.ts'
import type { VerbResult } from '../adapter/verbs.ts'
import { call } from './call.ts'
import { type OutputOptions, print, showTime, table } from './output.ts'
import { readDashes, readNumber } from './values.ts'

interface Place {
  protocol?: string
  host?: string
  port?: number
  weight?: number
  tier?: number
  domain?: string | null
  pool?: string | null
  state?: string
}

const which = 'id, part of an id, protocol:host:port or host:port'

export function addBackendCommands(program: Command): void {
  const backend = program.command('backend').description('the mail servers that logins are sent to')

  const add = backend
    .command('add')
    .description('add a backend; plain-text ports only, nginx speaks no TLS to backends')
  add.requiredOption('--protocol <p>', 'imap, pop3 or smtp')
  add.requiredOption('--host <h>', 'name or IP address; names are resolved by the gateway')
  add.requiredOption('--port <n>', 'such as 143, 110, 587', readNumber)
  addPlaceOptions(add).action(async ({ json, ...place }: OutputOptions & Place) => {
    print({ json }, await call('backend add', readDashes(place)), showSaved('added'))
  })

  backend
    .command('list')
    .description('all backends with the health of their addresses')
    .option('--json', 'as JSON')
    .action(async (options: OutputOptions) => {
      print(options, await call('backend list', {}), showList)
    })

  const set = backend.command('set').argument('<backend>', which).description('change a backend')
  set.option('--host <h>', 'name or IP address')
  set.option('--port <n>', 'such as 143, 110, 587', readNumber)
  set.option('--state <s>', 'active, draining (no new logins) or off (not even checked)')
  addPlaceOptions(set).action(async (meant: string, { json, ...changes }: OutputOptions & Place) => {
    print(
      { json },
      await call('backend set', { backend: meant, changes: readDashes(changes) }),
      showSaved('changed'),
    )
  })

  backend
    .command('drain')
    .argument('<backend>', which)
    .description('send new logins elsewhere; open connections stay. Back with: backend set … --state active')
    .option('--json', 'as JSON')
    .action(async (meant: string, options: OutputOptions) => {
      print(options, await call('backend drain', { backend: meant }), showSaved('draining'))
    })

  backend
    .command('remove')
    .argument('<backend>', which)
    .description('forget a backend and its history')
    .option('--force', 'also the last active one for some logins')
    .option('--json', 'as JSON')
    .action(async (meant: string, { json, force }: OutputOptions & { force?: boolean }) => {
      const removed = await call('backend remove', { backend: meant, force })
      print({ json }, removed, ({ removed }) => `removed ${placeOf(removed)}`)
    })

  backend
    .command('check')
    .argument('<backend>', which)
    .description('resolve its name and read its greeting now')
    .option('--json', 'as JSON')
    .action(async (meant: string, options: OutputOptions) => {
      const probe = await call('backend check', { backend: meant })
      print(options, probe, showProbe)
      if (!probe.checks.some(({ outcome }) => outcome.kind === 'good')) process.exitCode = 1
    })

  backend
    .command('history')
    .argument('<backend>', which)
    .description('when its addresses went up and down, newest first')
    .option('--limit <n>', 'how many, up to 1000 (default: 100)', readNumber)
    .option('--json', 'as JSON')
    .action(async (meant: string, { json, limit }: OutputOptions & { limit?: number }) => {
      const { items } = await call('backend history', { backend: meant, limit })
      print({ json }, items, showHistory)
    })

  backend
    .command('share')
    .description('which part of the logins each backend got')
    .option('--span <s>', 'of the last hour or day (default: hour)')
    .option('--json', 'as JSON')
    .action(async ({ json, span }: OutputOptions & { span?: string }) => {
      print({ json }, await call('backend share', { span }), showShare)
    })

  backend
    .command('preview')
    .argument('<user>', 'name of a mailbox, or of one that is still to be')
    .description('where a login would go now, and why')
    .option('--protocol <p>', 'imap, pop3 or smtp', 'imap')
    .option('--json', 'as JSON')
    .action(async (user: string, { json, protocol }: OutputOptions & { protocol: string }) => {
      const found = await call('backend preview', { user, protocol })
      print({ json }, found, showPreview)
      if (found.chosen === null) process.exitCode = 1
    })
}

function addPlaceOptions(command: Command): Command {
  return command
    .option(
      '--weight <n>',
      'share of the users within its tier, 1 to 1000 (default when added: 1)',
      readNumber,
    )
    .option(
      '--tier <n>',
      '0 is asked first, higher ones are backups, 0 to 9 (default when added: 0)',
      readNumber,
    )
    .option('--domain <d>', 'only for mailboxes of this domain; - for any')
    .option('--pool <name>', 'only for mailboxes assigned to this pool; - for none')
    .option('--json', 'as JSON')
}

const placeOf = ({ protocol, host, port }: BackendRow) => `${protocol} ${host}:${port}`

const showSaved =
  (done: string) =>
  ({ backend, warning }: Saved) =>
    [`${done} ${placeOf(backend)} (${backend.id})`, ...(warning ? [`warning: ${warning}`] : [])].join('\n')

function showList(backends: VerbResult<'backend list'>): string {
  const rows = backends.map(b => [
    b.protocol,
    `${b.host}:${b.port}`,
    b.state,
    String(b.tier),
    String(b.weight),
    b.domain ?? '',
    b.pool ?? '',
    b.health
      .map(({ address, up, since }) => `${address} ${up ? 'up' : `down since ${showTime(since)}`}`)
      .join(', '),
    b.id,
  ])
  return table(
    ['PROTOCOL', 'PLACE', 'STATE', 'TIER', 'WEIGHT', 'DOMAIN', 'POOL', 'HEALTH', 'ID'],
    rows,
    'no backends',
  )
}

function showProbe({ backend, resolution, checks }: VerbResult<'backend check'>): string {
  const rows = checks.map(({ address, outcome }) => [address, outcome.kind === 'good' ? 'ok' : outcome.error])
  const problem = resolution.last_error ? [`name: ${resolution.last_error}`] : []
  return [placeOf(backend), ...problem, table(['ADDRESS', 'GREETING'], rows, 'no address to check')].join(
    '\n',
  )
}

const showHistory = (changes: VerbResult<'backend history'>['items']) =>
  table(
    ['TIME', 'ADDRESS', 'NOW', 'WHY', 'SEEN BY'],
    changes.map(({ time, address, up, error, node }) => [
      showTime(time),
      address,
      up ? 'up' : 'down',
      error ?? '',
      node,
    ]),
    'no changes',
  )

function showShare({ backends, estimated }: VerbResult<'backend share'>): string {
  const rows = backends.map(({ protocol, host, port, logins, share }) => [
    protocol,
    `${host}:${port}`,
    `${estimated ? 'about ' : ''}${logins}`,
    share === null ? '' : `${(share * 100).toFixed(1)} %`,
  ])
  return table(['PROTOCOL', 'PLACE', 'LOGINS', 'SHARE'], rows, 'no backends')
}

function showPreview({ user, exists, by, candidates, chosen, why }: VerbResult<'backend preview'>): string {
  const rows = candidates.map(({ id, host, port, state, tier, weight, addresses_up }) => [
    id === chosen?.id ? '->' : '',
    `${host}:${port}`,
    state,
    String(tier),
    String(weight),
    addresses_up.join(', '),
  ])
  const head = `${user}${exists ? '' : ' (no such mailbox yet)'}, candidates by ${by === 'open' ? 'being open to all' : by}`
  const goes = chosen ? `goes to ${chosen.address} port ${chosen.port}` : 'goes nowhere'
  return [
    head,
    table(['', 'PLACE', 'STATE', 'TIER', 'WEIGHT', 'ADDRESSES UP'], rows, 'none'),
    `${goes}: ${why}`,
  ].join('\n')
}
