/** Option values and arguments that need reading. A bad one gets commander's usual line with the option's name. */
import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../../lib/settings/values.ts'

/** `imap,smtp` */
export const readList = (text: string): string[] => text.split(',').map(part => part.trim())

/** The file that a user names, as an absolute path: npm starts us in the project's folder and says where he was. */
export const readPath = (text: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), text)

export function readNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}

/** `90s`, `1h30m`, `7d`, in milliseconds. */
export function readDuration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('Give a time such as 90s, 1h or 7d.')
  return ms
}

const date = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)Z?)?$/

/** `1h`: so long ago; or a date, with or without a time, in UTC as the log shows it. As UTC milliseconds. */
export function readTime(text: string): number {
  const ago = parseDuration(text)
  const [, day, time = '00:00'] = date.exec(text) ?? []
  const at = ago === undefined ? Date.parse(`${day}T${time}Z`) : Date.now() - ago
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Give a time such as 1h or 7d ago, or "2026-11-24 15:00" in UTC.')
  return at
}

interface Assignment {
  pool?: string | null
  domain?: string | null
}

/** `-` takes an assignment away. Not an option's own parser: commander makes '' of a null that it returns. */
export function readDashes<Options extends Assignment>(given: Options): Options {
  const options = { ...given }
  for (const key of ['pool', 'domain'] as const) {
    if (options[key] === '-') options[key] = null
  }
  return options
}
