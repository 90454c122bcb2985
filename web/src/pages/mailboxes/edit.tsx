/** Owner, protocols and pool; whoever comes second is told what the first one changed. */
import { EditOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Descriptions, Flex, Form } from 'antd'
import { useState } from 'react'
import { ApiProblem, ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-act.ts'
import { drawerTexts } from './drawer-texts.ts'
import { type Fields, MailboxFields } from './fields.tsx'
import type { Mailbox } from './mailbox.ts'
import { Section } from './section.tsx'
import { texts } from './texts.ts'

export function Edit({ mailbox }: { mailbox: Mailbox }) {
  const t = useTexts(drawerTexts)
  const mayChange = useMay('operator')
  /** As it was when the form was opened: a newer one must not be overruled unseen. */
  const [seen, setSeen] = useState<Mailbox | null>(null)
  const edit = mayChange && seen === null && (
    <Button icon={<EditOutlined />} onClick={() => setSeen(mailbox)}>
      {t.edit}
    </Button>
  )
  return (
    <Section title={t.settings} extra={edit}>
      {seen ? <EditForm seen={seen} now={mailbox} onSeen={setSeen} /> : <Facts mailbox={mailbox} />}
    </Section>
  )
}

function Facts({ mailbox }: { mailbox: Mailbox }) {
  const t = useTexts(texts)
  const d = useTexts(drawerTexts)
  const { login, owner, protocols, pool, created_at, updated_at } = mailbox
  return (
    <Descriptions
      size="small"
      column={{ xs: 1, sm: 2 }}
      items={[
        // Long names need the whole line.
        { key: 'login', label: d.login, span: 'filled', children: login },
        { key: 'owner', label: t.owner, children: owner || '–' },
        { key: 'pool', label: t.pool, children: pool ?? d.anyPool },
        {
          key: 'protocols',
          label: t.protocols,
          span: 'filled',
          children: protocols.join(', ').toUpperCase(),
        },
        { key: 'created', label: t.createdAt, children: <Time at={created_at} exact /> },
        { key: 'updated', label: t.updatedAt, children: <Time at={updated_at} exact /> },
      ]}
    />
  )
}

interface FormProps {
  seen: Mailbox
  now: Mailbox
  /** null = the form is closed. */
  onSeen(seen: Mailbox | null): void
}

const fieldsOf = ({ owner, protocols, pool }: Mailbox): Fields => ({ owner, protocols, pool: pool ?? '' })

function EditForm({ seen, now, onSeen }: FormProps) {
  const t = useTexts(drawerTexts)
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<Fields>()
  const client = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const { name } = seen
  const save = useAct(
    ({ pool, ...typed }: Fields & { version: number }) =>
      ask('PATCH /api/users/{name}', { path: { name }, body: { ...typed, pool: pool || null } }),
    {
      touches: 'users',
      done: t.saved,
      onDone: () => onSeen(null),
      onError(error) {
        setError(placeErrors(form, error))
        void client.invalidateQueries({ queryKey: ['users'] })
      },
    },
  )
  const send = (typed: Fields, version: number) => {
    setError(null)
    save.mutate({ ...typed, version })
  }
  const isConflict = error instanceof ApiProblem && error.code === 'conflict'
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={fieldsOf(seen)}
      onFinish={typed => send(typed, seen.version)}
    >
      <MailboxFields />
      {isConflict ? (
        <Conflict
          now={now}
          onTake={() => {
            setError(null)
            form.setFieldsValue(fieldsOf(now))
            onSeen(now)
          }}
          onOverrule={() => send(form.getFieldsValue(), now.version)}
        />
      ) : (
        <ProblemNote error={error} />
      )}
      <Flex gap={8} style={{ marginTop: 12 }}>
        <Button type="primary" htmlType="submit" loading={save.isPending} disabled={isConflict}>
          {ui.save}
        </Button>
        <Button onClick={() => onSeen(null)}>{ui.cancel}</Button>
      </Flex>
    </Form>
  )
}

function Conflict({ now, onTake, onOverrule }: { now: Mailbox; onTake(): void; onOverrule(): void }) {
  const t = useTexts(drawerTexts)
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title={t.conflict}
      description={
        <Flex vertical gap={8}>
          {t.conflictHint}
          <Facts mailbox={now} />
          <Flex wrap gap={8}>
            <Button onClick={onTake}>{t.takeTheirs}</Button>
            <Button danger onClick={onOverrule}>
              {t.overrule}
            </Button>
          </Flex>
        </Flex>
      }
    />
  )
}
