/** One-time codes of a mailbox, and the grants that they opened. */
import type { Command } from 'commander'
import type { Enrolled } from '../../lib/mailbox/mailbox.ts'
import type { VerbResult } from '../adapter/verbs.ts'
import { call } from './call.ts'
import { type OutputOptions, print, showTime, table } from './output.ts'
import { drawQr, readQrFile, writeQr } from './qr.ts'

export interface QrOptions extends OutputOptions {
  /** File for the picture. */
  qr?: string
}

export const codesAreOn = ({ name }: Enrolled) =>
  `In force: ${name} logs in with its password and, right behind it, a code of this secret.`

export function addTotpCommands(user: Command): void {
  const totp = user.command('totp').description('one-time codes, typed behind the password')

  withQr(totp.command('enable <name>'))
    .description('make a secret and show it once; codes are asked for when it is confirmed')
    .action(async (name: string, options: QrOptions) => {
      await printEnrolled(options, await call('user totp enable', { name }), notYet)
    })

  totp
    .command('confirm <name> [code]')
    .description('put the new secret in force, with the code that its owner sees now')
    .option('--force', 'without a code: logins will need one all the same')
    .option('--json', 'as JSON')
    .action(
      async (name: string, code: string | undefined, { json, force }: OutputOptions & { force?: true }) => {
        const confirmed = await call('user totp confirm', { name, code: code ?? (force ? null : '') })
        const used = code === undefined ? '' : '; the code just given is used, so with the next one'
        print({ json }, confirmed, mailbox => `${mailbox.name} needs codes from the next login on${used}`)
      },
    )

  withQr(totp.command('reset <name>'))
    .description('another secret at once, for a new or lost phone; grants and codes of the old one are dead')
    .action(async (name: string, options: QrOptions) => {
      await printEnrolled(options, await call('user totp reset', { name }), codesAreOn)
    })

  totp
    .command('disable <name>')
    .description('ask for no codes any more')
    .option('--json', 'as JSON')
    .action(async (name: string, options: OutputOptions) => {
      print(options, await call('user totp disable', { name }), mailbox => `${mailbox.name} needs no codes`)
    })

  user
    .command('grants <name>')
    .description('the strings of password and code that are, or were, good, and in which network')
    .option('--json', 'as JSON')
    .action(async (name: string, options: OutputOptions) => {
      print(options, await call('user grants', { name }), showGrants)
    })

  user
    .command('revoke <name> [grant]')
    .description('end one grant, or all: whoever used it has to type a new code')
    .option('--json', 'as JSON')
    .action(async (name: string, grant: string | undefined, options: OutputOptions) => {
      print(options, await call('user revoke', { name, grant }), ({ revoked }) => `revoked ${revoked}`)
    })
}

/** The options of every command that shows a secret. */
export const withQr = (command: Command) =>
  command
    .option('--qr <file>', 'write the QR code to a new .svg or .png file too', readQrFile)
    .option('--json', 'as JSON, the secret in the field otpauth')

/** @param next what is to be done, in words */
export async function printEnrolled(
  { json, qr }: QrOptions,
  enrolled: Enrolled,
  next: (mailbox: Enrolled) => string,
): Promise<void> {
  const picture = await drawQr(enrolled.otpauth)
  print({ json }, enrolled, ({ name, otpauth }) =>
    [
      `${name}: scan this with an authenticator app. It is shown this once, and whoever sees it can make codes.`,
      picture,
      otpauth,
      '',
      next(enrolled),
    ].join('\n'),
  )
  if (qr !== undefined) await writeQr(qr, enrolled.otpauth)
}

const notYet = ({ name }: Enrolled) =>
  `Not in force yet: mailgateway user totp confirm ${name} CODE, with the code that the app shows.`

function showGrants(grants: VerbResult<'user grants'>): string {
  const rows = grants.map(grant => [
    grant.id,
    grant.network || 'no address',
    grant.state,
    grant.roamed ? 'came along' : 'code',
    showTime(grant.created_at),
    showTime(grant.used_at),
    showTime(grant.ends_at),
  ])
  return table(['GRANT', 'NETWORK', 'STATE', 'BY', 'OPENED', 'LAST USED', 'ENDS'], rows, 'no grants')
}
