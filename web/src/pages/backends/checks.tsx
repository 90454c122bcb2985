/** What a check has found out. */
import { Alert, Flex } from 'antd'
import type { Answer } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { inWords } from '../../ui/server-words.ts'
import { texts } from './texts.ts'

export function Checks({ probe }: { probe: Answer<'POST /api/backends/{id}/check'> }) {
  const t = useTexts(texts)
  const { resolution, checks } = probe
  const words = { good: t.checkGood, refused: t.checkRefused, failed: t.checkFailed }
  return (
    <Flex vertical gap={8}>
      {resolution.last_error !== null && (
        <Alert type="error" showIcon title={inWords(resolution.last_error)} />
      )}
      {checks.map(({ address, outcome }) => (
        <Alert
          key={address}
          type={outcome.kind === 'good' ? 'success' : 'error'}
          showIcon
          title={`${address}: ${words[outcome.kind]}`}
          description={
            outcome.kind === 'good' ? (
              <code style={{ overflowWrap: 'anywhere' }}>{outcome.greeting}</code>
            ) : (
              inWords(outcome.error)
            )
          }
        />
      ))}
    </Flex>
  )
}
