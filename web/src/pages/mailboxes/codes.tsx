import { Button, Popconfirm, Typography } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { Enrolment, type Secret } from '../../ui/enrolment.tsx'
import { useAct } from '../../ui/use-act.ts'
import { drawerTexts } from './drawer-texts.ts'
import type { Mailbox } from './mailbox.ts'
import { Section } from './section.tsx'

export function Codes({ mailbox: { name, totp } }: { mailbox: Mailbox }) {
  const t = useTexts(drawerTexts)
  const mayChange = useMay('operator')
  const [secret, setSecret] = useState<(Secret & { inForce: boolean }) | null>(null)
  const path = { name }
  const touches = 'users'
  const enrol = useAct(() => ask('POST /api/users/{name}/totp', { path }), {
    touches,
    onDone: made => setSecret({ ...made, inForce: false }),
  })
  const reset = useAct(() => ask('POST /api/users/{name}/totp/reset', { path }), {
    touches,
    onDone: made => setSecret({ ...made, inForce: true }),
  })
  const confirm = useAct(
    (code: string | null) => ask('POST /api/users/{name}/totp/confirm', { path, body: { code } }),
    // What went wrong stands beside the code.
    { touches, done: t.confirmed, onDone: () => setSecret(null), onError: () => {} },
  )
  const turnOff = useAct(() => ask('DELETE /api/users/{name}/totp', { path }), { touches, done: t.turnedOff })
  const acts = mayChange && (
    <>
      {totp === 'on' ? (
        <Popconfirm
          title={t.sureReset}
          description={t.sureResetHint}
          okText={t.reset}
          onConfirm={() => reset.mutate()}
        >
          <Button loading={reset.isPending}>{t.reset}</Button>
        </Popconfirm>
      ) : (
        <Button loading={enrol.isPending} onClick={() => enrol.mutate()}>
          {totp === 'pending' ? t.enrolAgain : t.enrol}
        </Button>
      )}
      {totp !== 'off' && (
        <Popconfirm
          title={t.sureTurnOff}
          description={t.sureTurnOffHint}
          okText={t.turnOff}
          onConfirm={() => turnOff.mutate()}
        >
          <Button danger loading={turnOff.isPending}>
            {t.turnOff}
          </Button>
        </Popconfirm>
      )}
    </>
  )
  return (
    <Section title={t.codes} extra={acts}>
      <Typography.Text>{{ off: t.codesOff, pending: t.codesPending, on: t.codesOn }[totp]}</Typography.Text>
      {secret && (
        <Enrolment
          secret={secret}
          name={name}
          onConfirm={secret.inForce ? undefined : code => confirm.mutateAsync(code)}
          onVouch={() => confirm.mutateAsync(null)}
          onClose={() => setSecret(null)}
        />
      )}
    </Section>
  )
}
