/** One's own account; all there is while a password waits to be changed. */
import { Alert, Flex } from 'antd'
import { useSession } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { OwnCodes } from './codes.tsx'
import { OwnLanguage } from './language.tsx'
import { OwnPassword } from './password.tsx'
import { OwnSessions } from './sessions.tsx'
import { texts } from './texts.ts'

export default function Account() {
  const t = useTexts(texts)
  const { must_change_password } = useSession()
  return (
    <Flex vertical gap={16} style={{ maxWidth: 760 }}>
      {must_change_password && <Alert type="warning" showIcon title={t.forced} description={t.forcedHint} />}
      <OwnPassword />
      {!must_change_password && (
        <>
          <OwnCodes />
          <OwnSessions />
          <OwnLanguage />
        </>
      )}
    </Flex>
  )
}
