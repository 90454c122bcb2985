import { Input } from 'antd'
import { useEffect, useState } from 'react'

const typingPauseMs = 350

/** Text to search for; it is asked for when the typing pauses. */
export function SearchBox(props: {
  value: string
  label: string
  onChange(value: string): void
  width?: number
}) {
  const { value, label, onChange, width = 240 } = props
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed === value) return
    const timer = setTimeout(() => onChange(typed), typingPauseMs)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  return (
    <Input.Search
      allowClear
      // Such a label is read in a row of its own only, where two filters share one.
      className={label.length > 16 ? 'wide' : undefined}
      aria-label={label}
      placeholder={label}
      value={typed}
      style={{ width, maxWidth: '100%' }}
      onChange={event => setTyped(event.target.value)}
      onSearch={text => text !== value && onChange(text)}
    />
  )
}
