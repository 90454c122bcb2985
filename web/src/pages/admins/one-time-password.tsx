import { Alert, Button, Flex, Modal, Typography } from 'antd'
import { useTexts } from '../../app/language.ts'
import { texts } from './texts.ts'

interface Props {
  username: string
  one_time_password: string
  onClose(): void
}

export function OneTimePassword({ username, one_time_password, onClose }: Props) {
  const t = useTexts(texts)
  return (
    <Modal
      open
      title={t.oneTime(username)}
      width={440}
      onCancel={onClose}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={onClose}>
          {t.passedOn}
        </Button>
      }
    >
      <Flex vertical gap={16}>
        <Alert type="warning" showIcon title={t.oneTimeHint} />
        <Typography.Text copyable={{ text: one_time_password }} style={{ fontSize: 18, textAlign: 'center' }}>
          <code>{one_time_password}</code>
        </Typography.Text>
      </Flex>
    </Modal>
  )
}
