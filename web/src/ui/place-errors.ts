import type { FormInstance } from 'antd'
import { ApiProblem } from '../api/ask.ts'
import { inWords } from './server-words.ts'

/**
 * Puts what the API says of fields beside the form's fields; what was typed stays.
 * @param words of one's own for a field, in place of the API's
 * @returns the error as far as it belongs to no field; null = it stands at the fields
 */
export function placeErrors(
  form: FormInstance,
  error: unknown,
  words: Record<string, string | undefined> = {},
): unknown {
  if (!(error instanceof ApiProblem) || error.errors.length === 0) return error
  const fields = Object.keys(form.getFieldsValue())
  const placed = error.errors.filter(({ field }) => fields.includes(field))
  form.setFields(
    placed.map(({ field, message }) => ({ name: field, errors: [words[field] ?? inWords(message)] })),
  )
  return placed.length === error.errors.length ? null : error
}
