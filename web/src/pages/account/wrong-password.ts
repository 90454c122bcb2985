import { ApiProblem } from '../../api/ask.ts'
import type { texts } from './texts.ts'

/** For the field with the own password, when the gateway does not take it. */
export function wrongPasswordText(error: unknown, t: typeof texts.en): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined
  return { conflict: t.locked, invalid: t.wrongPassword }[error.code]
}
