/** `mailgateway try`: a login as a question. */
import type { Command } from 'commander'
import type { Counter } from '../../lib/login/counters.ts'
import { formatDuration } from '../../lib/settings/values.ts'
import type { Trial } from '../adapter/try.ts'
import { call } from './call.ts'
import { type OutputOptions, print, showTime, table } from './output.ts'
import { readPassword } from './password.ts'

export function addTryCommand(program: Command): void {
  program
    .command('try <user> <protocol>')
    .description('what would become of a login now, and why; counts, logs and spends nothing')
    .option('--ip <address>', 'as if the client came from there; without it, from no network at all')
    .option('--password-stdin', 'with this password (and code); without it they are taken to be right')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit code: 0 it would be let in, 1 it would not.')
    .action(
      async (
        user: string,
        protocol: string,
        { ip, passwordStdin, json }: OutputOptions & { ip?: string; passwordStdin?: true },
      ) => {
        const password = passwordStdin ? await readPassword() : null
        const trial = await call('try', { user, protocol, address: ip ?? null, password })
        print({ json }, trial, showTrial)
        if (trial.why !== null) process.exitCode = 1
      },
    )
}

function showTrial(trial: Trial): string {
  const steps = table(['step', 'found'], showSteps(trial), '')
  const end = trial.why
    ? table(
        [trial.decision.kind === 'later' ? 'NOT NOW' : 'REFUSED', trial.why.meaning],
        Object.entries(trial.why).filter(([key]) => key !== 'meaning'),
        '',
      )
    : 'LET IN'
  return [steps, '', end, '', 'nginx would get:', ...trial.answer.map(line => `  ${line}`)].join('\n')
}

const notReached = 'not looked at'

function showSteps(trial: Trial): string[][] {
  const { account, remembered, longRun, locks } = trial
  return [
    ['name', trial.name ?? 'no mailbox can have this name'],
    ['address', showAddress(trial)],
    ['counters', trial.counters.map(showCounter).join(', ') || notReached],
    ['long run', longRun ? `${longRun.count}/${longRun.limit} wrong passwords of strangers` : notReached],
    ['locks', locks ? showLocks(locks) : notReached],
    ['remembered', remembered ? showRemembered(remembered) : notReached],
    ['password', trial.password ?? notReached],
    ['code', showCode(trial)],
    ['account', account ? showAccount(account) : remembered ? 'none' : notReached],
    ...(trial.backends.length > 0 ? trial.backends.map(showBackend(trial)) : [['backend', notReached]]),
    ...(trial.error === null ? [] : [['failed', trial.error]]),
  ]
}

function showAddress({ address }: Trial): string {
  if (!address) return notReached
  const { network, familiar, familiarSince, ban, allowed, shared } = address
  const known = familiar
    ? `familiar, logged in within the hour after ${showTime(familiarSince!)}`
    : 'not familiar'
  return [
    network === null ? 'no network' : `network ${network}, ${known}`,
    ban ? `ban of ${ban.cidr} (${ban.event_type}, by ${ban.author}: ${ban.note})` : 'not banned',
    ...(allowed ? ['allowed'] : []),
    ...(shared ? ['shared'] : []),
  ].join('; ')
}

const showCounter = ({ counter, count, limit, window }: Counter) =>
  `${counter} ${count}/${limit} in ${formatDuration(window)}`

function showLocks({ locked_until, shut }: NonNullable<Trial['locks']>): string {
  const lock = locked_until === null ? 'none' : `locked until ${showTime(locked_until)}`
  return shut ? `${lock}; shut to strangers until ${showTime(shut.until)}` : lock
}

const showRemembered = ({ account, password, grant }: NonNullable<Trial['remembered']>) =>
  [account && 'account', password && `${password} password`, grant && 'grant'].filter(Boolean).join(', ') ||
  'nothing'

function showCode({ code, account, password }: Trial): string {
  if (code === null) return password === null || !account?.totp ? notReached : 'none that would do'
  switch (code.kind) {
    case 'none':
      return 'none needed'
    case 'fresh':
      return `fresh, of step ${code.step}, which would be spent`
    case 'granted':
      return `granted in this network since ${showTime(code.grant.created_at)}`
    case 'roaming':
      return `granted in ${code.origin.network}, would come along`
  }
}

const showAccount = ({ enabled, protocols, pool, totp, login }: NonNullable<Trial['account']>) =>
  [
    enabled ? 'enabled' : 'disabled',
    protocols.join(','),
    `codes ${totp ? 'on' : 'off'}`,
    `pool ${pool ?? 'none'}`,
    `backend is told ${login}`,
  ].join('; ')

function showBackend({ decision }: Trial) {
  const chosen = decision.kind === 'accept' ? decision.route : null
  return (backend: Trial['backends'][number]): string[] => {
    const health = backend.health.map(
      ({ address, up, last_error }) => `${address} ${up ? 'up' : `down (${last_error})`}`,
    )
    const isChosen = chosen?.backend.id === backend.id
    return [
      'backend',
      [
        `${backend.host}:${backend.port} ${backend.state}, tier ${backend.tier}, weight ${backend.weight}`,
        backend.dns_error ?? (health.join(', ') || 'not checked yet'),
        ...(isChosen ? [`chosen: ${chosen.address}, the same each time for this mailbox`] : []),
      ].join('; '),
    ]
  }
}
