import { Button, Card, Flex, Form, Input, Typography } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import { sessionQuery, useSession } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { Enrolment, type Secret } from '../../ui/enrolment.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { texts } from './texts.ts'
import { wrongPasswordText } from './wrong-password.ts'

export function OwnCodes() {
  const t = useTexts(texts)
  const { username, totp } = useSession()
  const touches = sessionQuery.queryKey[0]!
  const [asking, setAsking] = useState<'set up' | 'turn off' | null>(null)
  const [secret, setSecret] = useState<Secret | null>(null)
  const confirm = useAct((code: string) => ask('POST /api/session/totp/confirm', { body: { code } }), {
    touches,
    done: t.codesAreOn,
    onDone: () => setSecret(null),
    // What went wrong stands beside the code.
    onError: () => {},
  })
  return (
    <Card title={t.codes} size="small">
      <Flex wrap gap={12} justify="space-between" align="center">
        <Typography.Text>{{ off: t.codesOff, pending: t.codesPending, on: t.codesOn }[totp]}</Typography.Text>
        <Flex gap={8}>
          {totp !== 'on' && (
            <Button type="primary" onClick={() => setAsking('set up')}>
              {totp === 'pending' ? t.setUpAgain : t.setUp}
            </Button>
          )}
          {totp !== 'off' && (
            <Button danger onClick={() => setAsking('turn off')}>
              {t.turnOff}
            </Button>
          )}
        </Flex>
      </Flex>
      {asking && <Proof purpose={asking} onSecret={setSecret} onClose={() => setAsking(null)} />}
      {secret && (
        <Enrolment
          secret={secret}
          name={username}
          onConfirm={code => confirm.mutateAsync(code)}
          onClose={() => setSecret(null)}
        />
      )}
    </Card>
  )
}

interface ProofProps {
  purpose: 'set up' | 'turn off'
  onSecret(secret: Secret): void
  onClose(): void
}

/** Asks for the password before anything about codes is changed. */
function Proof({ purpose, onSecret, onClose }: ProofProps) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const isSetUp = purpose === 'set up'
  return (
    <FormDialog
      title={t.proof}
      okText={isSetUp ? t.ok : t.turnOff}
      danger={!isSetUp}
      width={400}
      send={(body: { password: string }) =>
        isSetUp ? ask('POST /api/session/totp', { body }) : ask('DELETE /api/session/totp', { body })
      }
      touches={sessionQuery.queryKey[0]!}
      done={isSetUp ? undefined : t.codesAreOff}
      words={error => ({ password: wrongPasswordText(error, t) })}
      onDone={answer => {
        onClose()
        if ('otpauth' in answer) onSecret(answer)
      }}
      onClose={onClose}
    >
      <Typography.Paragraph type="secondary">{t.proofHint}</Typography.Paragraph>
      <Form.Item name="password" label={t.password} rules={[{ required: true, message: ui.needed }]}>
        <Input.Password autoFocus autoComplete="current-password" />
      </Form.Item>
    </FormDialog>
  )
}
