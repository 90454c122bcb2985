/** What the detail of an operation says. */
import type { Operation } from './view.ts'

type Detail = Operation['detail']

interface FieldChange {
  field: string
  /** undefined = there was none, or there is none any more. */
  before: unknown
  after: unknown
}

export function changesOf(detail: Detail): FieldChange[] {
  const [before, after] = [fieldsOf(detail.before), fieldsOf(detail.after)]
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return Array.from(names, field => ({ field, before: before[field], after: after[field] }))
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

/** @returns null for what was done */
export function refusalOf({ code, message }: Detail): { code: string; message: string } | null {
  if (typeof code !== 'string') return null
  return { code, message: typeof message === 'string' && message !== '' ? message : code }
}

/** Whatever else it holds. */
export const othersOf = ({ before: _, after: __, code: ___, message: ____, ...others }: Detail) =>
  Object.entries(others)
