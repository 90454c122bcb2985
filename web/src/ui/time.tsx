/** Points in time: how long ago, and exactly, in the reader's time zone. */
import { Tooltip } from 'antd'
import { localeOf, useLanguage } from '../app/language.ts'

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
]

/** @param at UTC milliseconds; @param exact shows the date itself, and how long ago besides */
export function Time({ at, exact = false }: { at: number | null; exact?: boolean }) {
  const locale = localeOf(useLanguage())
  if (at === null) return <span>–</span>
  const absolute = formatTime(at, locale)
  const relative = sinceThen(at, locale)
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <Tooltip title={`${exact ? relative : absolute} · ${zone}`}>
      <time dateTime={new Date(at).toISOString()} style={{ whiteSpace: 'nowrap' }}>
        {exact ? absolute : relative}
      </time>
    </Tooltip>
  )
}

export const formatTime = (at: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' }).format(at)

function sinceThen(at: number, locale: string): string {
  let amount = (at - Date.now()) / 1000
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size)
      return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.round(amount), unit)
    amount /= size
  }
  return ''
}
