import { FilterOutlined } from '@ant-design/icons'
import { Badge, Button, Flex, Popover, Select } from 'antd'
import { useTexts } from '../../app/language.ts'
import { Choice } from '../../ui/choice.tsx'
import { ResultChoice } from '../../ui/log-list.tsx'
import { reasonTexts } from '../../ui/reasons.ts'
import { SearchBox } from '../../ui/search-box.tsx'
import { texts } from './texts.ts'
import type { Change, View } from './view.ts'

const protocols = ['imap', 'pop3', 'smtp']

export function Filters({ view, change }: { view: View; change: Change }) {
  const t = useTexts(texts)
  return (
    <>
      <SearchBox value={view.user} label={t.user} width={170} onChange={user => change({ user })} />
      <SearchBox
        value={view.address}
        label={t.addressOrNetwork}
        width={205}
        onChange={address => change({ address })}
      />
      <ResultChoice label={t.result} value={view.result} onChange={result => change({ result })} />
      <Choice
        label={t.protocol}
        value={view.protocol}
        options={protocols.map(value => ({ value, label: value.toUpperCase() }))}
        onChange={protocol => change({ protocol })}
      />
      <Reasons value={view.reason} onChange={reason => change({ reason })} />
      <More view={view} change={change} />
    </>
  )
}

function Reasons({ value, onChange }: { value: string; onChange(value: string): void }) {
  const t = useTexts(texts)
  const words = useTexts(reasonTexts)
  return (
    <Select
      mode="multiple"
      allowClear
      maxTagCount={1}
      aria-label={t.why}
      placeholder={t.anyReason}
      styles={{ placeholder: { color: 'inherit' } }}
      value={value === '' ? [] : value.split(',')}
      onChange={chosen => onChange(chosen.join(','))}
      optionFilterProp="label"
      popupMatchSelectWidth={false}
      style={{ minWidth: 110, maxWidth: 300 }}
      options={Object.entries(words).map(([code, label]) => ({ value: code, label }))}
    />
  )
}

function More({ view, change }: { view: View; change: Change }) {
  const t = useTexts(texts)
  const set = [view.text, view.method, view.backend].filter(value => value !== '').length
  return (
    <Popover
      trigger="click"
      placement="bottom"
      content={
        <Flex vertical gap={8}>
          <SearchBox value={view.text} label={t.text} onChange={text => change({ text })} />
          <SearchBox value={view.backend} label={t.backendHint} onChange={backend => change({ backend })} />
          <SearchBox value={view.method} label={t.methodHint} onChange={method => change({ method })} />
        </Flex>
      }
    >
      <Badge count={set} size="small">
        <Button icon={<FilterOutlined />}>{t.more}</Button>
      </Badge>
    </Popover>
  )
}
