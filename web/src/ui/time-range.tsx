/** From when until when; spans that end now move along, also in a link. */
import { Input, Select } from 'antd'
import { useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const spans = ['1h', '24h', '7d', '30d'] as const

/** @param text UTC milliseconds, or a span such as `24h` that ends now; '' = undefined */
export function readTime(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? []
  if (unit !== undefined) return Date.now() - Number(amount) * units[unit as keyof typeof units]
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

interface Props {
  since: string
  until: string
  onChange(range: { since: string; until: string }): void
}

export function TimeRange({ since, until, onChange }: Props) {
  const t = useTexts(uiTexts)
  const isOwn = until !== '' || (since !== '' && !(spans as readonly string[]).includes(since))
  const choose = (value: string) =>
    value === 'own'
      ? onChange({ since: String(Date.now() - units.d), until: String(Date.now()) })
      : onChange({ since: value, until: '' })
  return (
    <>
      <Select
        aria-label={t.time}
        value={isOwn ? 'own' : since}
        onChange={choose}
        popupMatchSelectWidth={false}
        options={[
          { value: '', label: `${t.time}: ${t.any}` },
          ...spans.map(span => ({ value: span, label: t.spans[span] })),
          { value: 'own', label: t.ownSpan },
        ]}
      />
      {isOwn && (
        <>
          <Moment label={t.from} value={since} onChange={since => onChange({ since, until })} />
          <Moment label={t.until} value={until} onChange={until => onChange({ since, until })} />
        </>
      )}
    </>
  )
}

interface MomentProps {
  label: string
  value: string
  onChange(value: string): void
}

function Moment({ label, value, onChange }: MomentProps) {
  const shown = print(readTime(value))
  const take = (text: string) => {
    if (text === shown) return
    const time = new Date(text).getTime()
    onChange(Number.isNaN(time) ? '' : String(time))
  }
  return (
    <Input
      key={value}
      type="datetime-local"
      className="wide"
      step={1}
      aria-label={label}
      title={label}
      defaultValue={shown}
      style={{ width: 210 }}
      onBlur={event => take(event.target.value)}
      onPressEnter={event => take(event.currentTarget.value)}
    />
  )
}

/** As the input wants it: the reader's own time without its zone. */
function print(time: number | undefined): string {
  if (time === undefined) return ''
  const offset = new Date(time).getTimezoneOffset() * units.m
  return new Date(time - offset).toISOString().slice(0, 19)
}
