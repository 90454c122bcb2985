/** Names of the steps on the axis of a chart. */
const formats = {
  minute: { hour: '2-digit', minute: '2-digit' },
  hour: { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' },
  day: { month: 'short', day: 'numeric' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

/** @param start UTC milliseconds */
export const formatStep = (start: number, step: keyof typeof formats, locale: string): string =>
  new Intl.DateTimeFormat(locale, formats[step]).format(start)
