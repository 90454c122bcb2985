/** The input that fits the type of a setting; values are text, as in the configuration file. */
import { Input, InputNumber, Select, Switch } from 'antd'
import { useTexts } from '../../app/language.ts'
import type { Setting } from './groups.ts'
import { texts } from './texts.ts'

interface Props {
  setting: Setting
  value: string
  disabled: boolean
  onType(value: string): void
}

const wide = { width: '100%', maxWidth: 560 }

export function ValueInput({ setting, value, disabled, onType }: Props) {
  const t = useTexts(texts)
  const { key: id, type, min, max, choices, is_set } = setting
  const common = { id, disabled }
  if (type === 'choice' && choices?.length === 2 && choices.includes('on') && choices.includes('off'))
    return <Switch {...common} checked={value === 'on'} onChange={on => onType(on ? 'on' : 'off')} />
  if (type === 'choice')
    return (
      <Select
        {...common}
        value={value}
        style={{ width: 240 }}
        options={choices?.map(choice => ({ value: choice, label: t.choices[choice] ?? choice }))}
        onChange={onType}
      />
    )
  if (type === 'whole_number')
    return (
      <InputNumber
        {...common}
        style={{ width: 240 }}
        value={value}
        stringMode
        precision={0}
        min={String(min)}
        max={String(max)}
        onChange={typed => onType(typed ?? '')}
      />
    )
  if (type === 'secret')
    return (
      <Input.Password
        {...common}
        style={wide}
        autoComplete="new-password"
        placeholder={is_set ? t.secretSet : t.secretNotSet}
        value={value}
        onChange={event => onType(event.target.value)}
      />
    )
  if (type === 'long_text')
    return (
      <Input.TextArea
        {...common}
        style={wide}
        autoSize={{ minRows: 2, maxRows: 12 }}
        value={value}
        onChange={event => onType(event.target.value)}
      />
    )
  const isShort = type === 'duration' || type === 'size'
  return (
    <Input
      {...common}
      style={isShort ? { width: 240 } : wide}
      autoComplete="off"
      value={value}
      onChange={event => onType(event.target.value)}
    />
  )
}
