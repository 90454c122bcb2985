/** Which columns of a list are shown. */
import { TableOutlined } from '@ant-design/icons'
import { Button, Checkbox, Popover } from 'antd'
import { useState } from 'react'
import { useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'

interface ChoiceProps {
  columns: readonly { key?: unknown; title?: unknown }[]
  hidden: string[]
  onChange(hidden: string[]): void
}

export function ColumnChoice({ columns, hidden, onChange }: ChoiceProps) {
  const t = useTexts(uiTexts)
  const named = columns.filter(({ title }) => typeof title === 'string' && title !== '')
  const keys = named.map(({ key }) => String(key))
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <Checkbox.Group
          style={{ display: 'grid', gap: 4 }}
          options={named.map(({ key, title }) => ({ value: String(key), label: String(title) }))}
          value={keys.filter(key => !hidden.includes(key))}
          onChange={shown => onChange(keys.filter(key => !shown.includes(key)))}
        />
      }
    >
      <Button icon={<TableOutlined />} aria-label={t.columns} />
    </Popover>
  )
}

/** Kept in the browser, for each list by its name. @param atFirst until somebody has chosen */
export function useHidden(name: string, atFirst: string[]): [string[], (hidden: string[]) => void] {
  const place = `mailgateway.columns.${name}`
  const [hidden, setHidden] = useState<string[]>(() => {
    const chosen = localStorage.getItem(place)
    return chosen === null ? atFirst : JSON.parse(chosen)
  })
  return [
    hidden,
    next => {
      localStorage.setItem(place, JSON.stringify(next))
      setHidden(next)
    },
  ]
}
