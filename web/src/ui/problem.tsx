/** What went wrong, in words, with what to do next. */
import { Alert, Button, Typography } from 'antd'
import { ApiProblem } from '../api/ask.ts'
import { useTexts } from '../app/language.ts'
import { problemTexts } from './problem-texts.ts'
import { inWords } from './server-words.ts'

/** The code's text in one's own language; the gateway's detail besides where the code alone says too little. */
export function useProblemText(): (error: unknown) => string {
  const t = useTexts(problemTexts)
  return error => {
    if (!(error instanceof ApiProblem)) return t.codes.internal ?? ''
    const text = t.codes[error.code]
    if (text === undefined || error.code === 'invalid' || error.code === 'conflict')
      return inWords(error.message) || (text ?? error.code)
    return text
  }
}

/** @param onRetry of what is read only: nothing was typed there */
export function ProblemNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useTexts(problemTexts)
  const text = useProblemText()
  if (!error) return null
  const isUnread = onRetry && error instanceof ApiProblem && error.code === 'unreachable'
  const requestId = error instanceof ApiProblem ? error.requestId : undefined
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={isUnread ? t.codes.unavailable : text(error)}
      description={
        requestId && (
          <Typography.Text type="secondary" copyable={{ text: requestId }}>
            {t.requestId} {requestId}
          </Typography.Text>
        )
      }
      action={onRetry && <Button onClick={onRetry}>{t.retry}</Button>}
    />
  )
}
