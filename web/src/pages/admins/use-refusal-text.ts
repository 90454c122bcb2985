import { ApiProblem } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { useProblemText } from '../../ui/problem.tsx'
import { texts } from './texts.ts'

/** Two conflicts there are: somebody was faster, or nobody would be left who may do everything. */
export function useRefusalText(): (error: unknown) => string {
  const t = useTexts(texts)
  const problemText = useProblemText()
  return error => {
    if (!(error instanceof ApiProblem) || error.code !== 'conflict') return problemText(error)
    return error.errors.some(({ field }) => field === 'version') ? t.conflict : t.lastSuperadmin
  }
}
