/** The app on a mailbox owner's phone: it was shown an otpauth URL and makes codes from it. */
import { execFileSync } from 'node:child_process'

/** The code at that moment (UTC milliseconds), made by oathtool, which has never seen our code. */
export function codeFor(otpauth: string, now: number): string {
  const secret = new URL(otpauth).searchParams.get('secret')!
  const at = new Date(now).toISOString().replace('T', ' ').replace(/\..*/, ' UTC')
  return execFileSync('oathtool', ['--totp', '--base32', `--now=${at}`, secret], { encoding: 'utf8' }).trim()
}
