/** The settings of one group. What is typed stays until it is saved or discarded, whatever the gateway says meanwhile. */
import { Button, Card, Flex, Form, theme } from 'antd'
import { useState } from 'react'
import { ApiProblem, ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { inWords } from '../../ui/server-words.ts'
import { useAct } from '../../ui/use-act.ts'
import { type Group, groups, type Setting, sectionOf } from './groups.ts'
import { SettingField } from './setting-field.tsx'
import { texts } from './texts.ts'

interface Props {
  group: Group
  settings: Setting[]
  onLoadAgain(): void
}

/** Values that are not saved yet, by key; null = back to what is configured. */
type Edits = Record<string, string | null>

export function SettingsForm({ group, settings, onLoadAgain }: Props) {
  const t = useTexts(texts)
  const { colorBgLayout } = theme.useToken().token
  const mayChange = useMay('superadmin')
  const [edits, setEdits] = useState<Edits>({})
  const save = useAct(
    (edits: Edits) => ask('PATCH /api/settings', { body: { settings: withVersions(edits, settings) } }),
    { done: t.saved, touches: 'settings', onDone: () => setEdits({}), onError: () => {} },
  )
  const isConflict = save.error instanceof ApiProblem && save.error.status === 409
  const faults = faultsOf(save.error, isConflict ? t.conflict : undefined)
  const edit = (key: string, value: string | null | undefined) => {
    if (faults[key] !== undefined) save.reset()
    setEdits(({ [key]: _before, ...others }) => (value === undefined ? others : { ...others, [key]: value }))
  }
  const count = Object.keys(edits).length
  return (
    <Form layout="vertical" component="form" onFinish={() => save.mutate(edits)}>
      <Flex vertical gap={16}>
        {groups[group].map(section => (
          <Card key={section} size="small" title={t.sections[section]}>
            {settings
              .filter(setting => sectionOf(setting) === section)
              .map(setting => (
                <SettingField
                  key={setting.key}
                  setting={setting}
                  edit={edits[setting.key]}
                  fault={faults[setting.key]}
                  mayChange={mayChange}
                  onEdit={value => edit(setting.key, value)}
                />
              ))}
          </Card>
        ))}
        {save.error && !settings.some(({ key }) => key in faults) && <ProblemNote error={save.error} />}
        {mayChange && group !== 'server' && (
          <Flex
            gap={8}
            wrap
            style={{ position: 'sticky', bottom: 0, padding: '8px 0', background: colorBgLayout, zIndex: 2 }}
          >
            <Button type="primary" htmlType="submit" loading={save.isPending} disabled={count === 0}>
              {count === 0 ? t.nothingToSave : t.save(count)}
            </Button>
            {count > 0 && (
              <Button
                disabled={save.isPending}
                onClick={() => {
                  setEdits({})
                  save.reset()
                }}
              >
                {t.discard}
              </Button>
            )}
            {isConflict && (
              <Button
                onClick={() => {
                  onLoadAgain()
                  save.reset()
                }}
              >
                {t.loadAgain}
              </Button>
            )}
          </Flex>
        )}
      </Flex>
    </Form>
  )
}

/** Each goes with the version that was seen: so nobody's change is overwritten unseen. */
function withVersions(edits: Edits, settings: Setting[]) {
  const versionOf = new Map(settings.map(({ key, version }) => [key, version]))
  return Object.fromEntries(
    Object.entries(edits).map(([key, value]) => [key, { value, version: versionOf.get(key) ?? 0 }]),
  )
}

/** What is said of each setting. @param instead said in place of the gateway's words */
function faultsOf(error: unknown, instead: string | undefined): Record<string, string> {
  if (!(error instanceof ApiProblem)) return {}
  return Object.fromEntries(
    error.errors.map(({ field, message }) => [
      field.replace(/^settings\./, '').replace(/\.value$/, ''),
      instead ?? inWords(message),
    ]),
  )
}
