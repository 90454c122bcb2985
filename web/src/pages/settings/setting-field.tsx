/** One setting: what it is for, its value, where that is from, and what it can be. */
import { Alert, Button, Flex, Form, Tag, Typography } from 'antd'
import { useLanguage, useTexts } from '../../app/language.ts'
import { inWords } from '../../ui/server-words.ts'
import type { Setting } from './groups.ts'
import { texts } from './texts.ts'
import { ValueInput } from './value-input.tsx'

interface Props {
  setting: Setting
  /** Not saved yet; null = back to what is configured; undefined = untouched. */
  edit: string | null | undefined
  fault: string | undefined
  mayChange: boolean
  onEdit(value: string | null | undefined): void
}

export function SettingField({ setting, edit, fault, mayChange, onEdit }: Props) {
  const t = useTexts(texts)
  const { key, help, live, pinned, invalid, secret } = setting
  const fixed = pinned !== null || !live
  const value = edit === null ? (setting.configured ?? '') : (edit ?? setting.value ?? '')
  const onType = (typed: string) =>
    onEdit(typed === (setting.value ?? '') && (!secret || typed === '') ? undefined : typed)
  return (
    <Form.Item
      label={help[useLanguage()]}
      htmlFor={key}
      validateStatus={fault === undefined ? undefined : 'error'}
      help={fault}
      extra={<Besides setting={setting} edit={edit} mayChange={mayChange} onEdit={onEdit} />}
    >
      {invalid !== null && <Alert type="warning" showIcon title={t.invalidStored(inWords(invalid))} />}
      {fixed && !secret ? (
        <Typography.Text code style={{ overflowWrap: 'anywhere' }}>
          {value || t.empty}
        </Typography.Text>
      ) : (
        <ValueInput
          setting={setting}
          value={value}
          disabled={fixed || !mayChange || edit === null}
          onType={onType}
        />
      )}
    </Form.Item>
  )
}

function Besides({ setting, edit, mayChange, onEdit }: Omit<Props, 'fault'>) {
  const t = useTexts(texts)
  const { key, live, pinned, version, min, max, type, secret, placeholders } = setting
  const isText = min === 0 || type === 'secret'
  return (
    <Flex vertical gap={4} style={{ paddingTop: 4 }}>
      <Flex wrap gap={8} align="center">
        <Typography.Text type="secondary" style={{ fontSize: 12, fontFamily: 'monospace' }}>
          {key}
        </Typography.Text>
        <Source setting={setting} />
        {!isText && min !== undefined && max !== undefined && (
          <Typography.Text type="secondary">{t.range(String(min), String(max))}</Typography.Text>
        )}
        {placeholders && (
          <Typography.Text type="secondary">
            {t.placeholders} {placeholders.map(name => `{${name}}`).join(' ')}
          </Typography.Text>
        )}
        {mayChange && live && pinned === null && version > 0 && edit !== null && (
          <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onEdit(null)}>
            {t.reset}
          </Button>
        )}
        {edit !== undefined && (
          <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onEdit(undefined)}>
            {t.undo}
          </Button>
        )}
      </Flex>
      {edit === null && <span>{t.willReset}</span>}
      {pinned !== null ? <span>{t.pinned(pinned)}</span> : !live && !secret && <span>{t.notLive}</span>}
    </Flex>
  )
}

function Source({ setting: { source, secret, type, value, default: usual } }: { setting: Setting }) {
  const t = useTexts(texts)
  const kind = ['system_config', 'default'].includes(source)
    ? source
    : source.startsWith('environment')
      ? 'environment'
      : 'file'
  const shown = type === 'choice' ? (t.choices[usual] ?? usual) : usual
  return (
    <>
      <Tag color={kind === 'system_config' ? 'blue' : 'default'}>{t.sources[kind]}</Tag>
      {value !== usual && !secret && (
        <Typography.Text type="secondary">{t.defaultIs(shown || t.empty)}</Typography.Text>
      )}
    </>
  )
}
