import { isExampleSecret } from './example-secrets.ts'

/** The type of one setting. */
export interface ValueType<T> {
  /** What it accepts. */
  shape: Shape
  /** Of the text of a file or an environment variable. */
  read(text: string): T | Rejected
  /** In the form that can be read again. */
  print(value: T): string
}

/**
 * Why a text is not accepted: finishes the sentence that begins with it, as in `"soon" is not a duration; write 60s, 5m or
 * 24h`, and never repeats it.
 */
export interface Rejected {
  rejected: string
}

export const isRejected = (value: unknown): value is Rejected =>
  typeof value === 'object' && value !== null && 'rejected' in value

/** What a value type accepts, for whoever offers a field to fill in. */
export interface Shape {
  type:
    | 'whole_number'
    | 'duration'
    | 'size'
    | 'choice'
    | 'text'
    | 'secret'
    | 'host'
    | 'listen_address'
    | 'domain'
    | 'dns_servers'
    | 'servers'
    | 'networks'
    | 'origins'
    | 'sender'
    | 'mail_addresses'
    | 'long_text'
  /** Least and greatest value, written as the setting is; of a text the number of characters. */
  min?: number | string
  max?: number | string
  /** The words of a choice. */
  choices?: string[]
  /** What may stand in braces in a text. */
  placeholders?: string[]
}

/** Makes a value type of a reader and a printer. The text is passed on as it is, blanks included. */
export const valueType = <T extends string | number | boolean | string[]>(
  shape: Shape,
  read: (text: string) => T | Rejected,
  print: (value: T) => string = String,
): ValueType<T> => ({ shape, read, print })

/** A whole decimal number between the two limits, both included. */
export function wholeNumber(min: number, max: number): ValueType<number> {
  return valueType({ type: 'whole_number', min, max }, text => {
    const value = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    return { rejected: `is not allowed; write a whole number from ${min} to ${max}` }
  })
}

/** A TCP port. */
export const port = wholeNumber(1, 65535)

const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function isUnit(text: string | undefined): text is keyof typeof milliseconds {
  return text !== undefined && Object.hasOwn(milliseconds, text)
}

/**
 * Reads a duration as Go writes it (`500ms`, `60s`, `1h30m`, `1.5h`), with days besides (`7d`). A bare whole
 * number is seconds. Returns milliseconds, or undefined when the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^\d+$/.test(trimmed)) return Number(trimmed) * 1000
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(trimmed)) return undefined
  let total = 0
  for (const [, amount, unit] of trimmed.matchAll(/([\d.]+)([a-z]+)/g)) {
    if (isUnit(unit)) total += Number(amount) * milliseconds[unit]
  }
  return Math.round(total)
}

/** Prints milliseconds in the form that `parseDuration` reads, in hours, minutes, seconds: `1h30m`. */
export function formatDuration(duration: number): string {
  let rest = duration
  let text = ''
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(rest / milliseconds[unit])
    if (amount > 0) text += `${amount}${unit}`
    rest -= amount * milliseconds[unit]
  }
  return text || '0s'
}

/** A duration in milliseconds between the two limits (written as durations), both included. */
export function duration(min: string, max: string): ValueType<number> {
  const [least, most] = [parseDuration(min), parseDuration(max)]
  if (least === undefined || most === undefined) throw new Error(`no duration range: ${min} to ${max}`)
  const read = (text: string) => {
    const value = parseDuration(text)
    if (value === undefined) return { rejected: 'is not a duration; write 60s, 5m or 24h' }
    if (value >= least && value <= most) return value
    return { rejected: `is out of range; write a duration from ${min} to ${max}` }
  }
  return valueType({ type: 'duration', min, max }, read, formatDuration)
}

const bytes = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

function parseSize(text: string): number {
  const [, amount, unit] = /^(\d{1,7})(kb|mb|gb)$/.exec(text.trim().toLowerCase()) ?? []
  return Number(amount) * bytes[unit as keyof typeof bytes]
}

function formatSize(size: number): string {
  const unit = (['gb', 'mb', 'kb'] as const).find(each => size % bytes[each] === 0) ?? 'kb'
  return `${size / bytes[unit]}${unit.toUpperCase()}`
}

/** A size such as `64KB`, `50MB` or `1GB`, in bytes once read, between the two limits, both included. */
export function size(min: string, max: string): ValueType<number> {
  const [least, most] = [parseSize(min), parseSize(max)]
  const read = (text: string) => {
    const value = parseSize(text)
    if (value >= least && value <= most) return value
    return { rejected: `is not allowed; write a size from ${min} to ${max}` }
  }
  return valueType({ type: 'size', min, max }, read, formatSize)
}

const switches: Record<string, boolean> = {
  on: true,
  true: true,
  1: true,
  off: false,
  false: false,
  0: false,
}

/** `on` or `off`; also as databases of the original say it: 1 or 0, true or false. */
export const onOff: ValueType<boolean> = valueType(
  { type: 'choice', choices: ['on', 'off'] },
  text => switches[text.trim().toLowerCase()] ?? { rejected: 'is not allowed; write on or off' },
  value => (value ? 'on' : 'off'),
)

/** One of a few words; letter case does not matter. */
export function oneOf<const W extends string>(...words: W[]): ValueType<W> {
  return valueType<W>({ type: 'choice', choices: words }, text => {
    const found = words.find(word => word === text.trim().toLowerCase())
    return found ?? { rejected: `is not allowed; write ${words.join(', ').replace(/, ([^,]+)$/, ' or $1')}` }
  })
}

/** Any text of one line, of `min` to `max` characters; blanks around it do not count. */
export function line(min: number, max: number): ValueType<string> {
  return valueType({ type: 'text', min, max }, text => {
    const value = text.trim()
    if (value.length >= min && value.length <= max && !/\p{Cc}/u.test(value)) return value
    return { rejected: `is not allowed; write ${min} to ${max} characters without control characters` }
  })
}

/** A name for machines: 1 to 64 letters, digits and a few signs. */
export const word: ValueType<string> = valueType({ type: 'text', min: 1, max: 64 }, text => {
  const value = text.trim()
  if (/^[\w.:-]{1,64}$/.test(value)) return value
  return { rejected: 'is not allowed; write 1 to 64 letters, digits and the signs _ . : -' }
})

/**
 * Says what is wrong with a secret, or nothing when it is acceptable. Blanks count, bytes of control do not
 * pass, and an example value that somebody forgot to replace is refused.
 */
export function rejectSecret(text: string, min: number): string | undefined {
  if (isExampleSecret(text)) return 'is a known example value; write a secret of your own'
  if (/\p{Cc}/u.test(text)) return 'is not allowed; a secret has no control characters'
  if (text.length < min) return `is too short; write at least ${min} characters`
  return undefined
}

/** A secret of at least `min` characters; empty means that none is set. */
export function secret(min: number): ValueType<string> {
  return valueType({ type: 'secret', min }, text => {
    const rejected = text === '' ? undefined : rejectSecret(text, min)
    return rejected === undefined ? text : { rejected }
  })
}

/** A secret that travels in an HTTP header: printable ASCII without blanks, at most 256 characters. */
export const headerSecret: ValueType<string> = valueType({ type: 'secret', min: 16, max: 256 }, text => {
  if (text === '') return text
  const rejected = rejectSecret(text, 16)
  if (rejected !== undefined) return { rejected }
  if (/^[\x21-\x7e]{16,256}$/.test(text)) return text
  return { rejected: 'is not allowed; write 16 to 256 printable ASCII characters without blanks' }
})

/** One such secret of at least 32 characters, or two for as long as they are exchanged: `new,old`; empty means none. */
export const exchangeableSecrets: ValueType<string[]> = valueType(
  { type: 'secret', min: 32 },
  text => {
    if (text === '') return []
    const secrets = text.split(',').map(part => part.trim())
    for (const secret of secrets) {
      const rejected = rejectSecret(secret, 32)
      if (rejected !== undefined) return { rejected }
    }
    if (secrets.length <= 2 && secrets.every(secret => /^[\x21-\x7e]{32,256}$/.test(secret))) return secrets
    return { rejected: 'is not allowed; write new or new,old, each 32 to 256 printable ASCII characters' }
  },
  secrets => secrets.join(','),
)
