import { Select } from 'antd'
import { useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'

interface Props {
  label: string
  /** '' = any. */
  value: string
  options: { value: string; label: string }[]
  onChange(value: string): void
}

/** A filter with few values. */
export function Choice({ label, value, options, onChange }: Props) {
  const t = useTexts(uiTexts)
  return (
    <Select
      aria-label={label}
      value={value}
      onChange={onChange}
      popupMatchSelectWidth={false}
      options={[{ value: '', label: `${label}: ${t.any}` }, ...options]}
    />
  )
}
