/** Bans and exceptions as the API and the command line show them. Times are UTC milliseconds. */
import { z } from 'zod'
import type { BanRow } from '../database/schema.ts'
import { text } from '../input.ts'
import { banEvents } from '../metrics.ts'

export const banSchema = z.strictObject({
  id: z.string(),
  cidr: z.string(),
  /** `manual`, or the counter that made it. */
  event_type: z.enum(banEvents),
  reason: z.string(),
  /** `automatic`, or who made it. */
  author: z.string(),
  starts_at: z.int(),
  /** null = for ever. */
  ends_at: z.int().nullable(),
  /** When somebody ended it before its time; null = nobody did. */
  lifted_at: z.int().nullable(),
  in_force: z.boolean(),
  /** What led to an automatic one. */
  evidence: z
    .strictObject({
      counter: z.string(),
      count: z.int(),
      /** Who was tried, some of them. */
      users: z.array(z.string()),
    })
    .nullable(),
  /** How many automatic bans of the same place came before. */
  level: z.int(),
  version: z.int(),
})
export type Ban = z.infer<typeof banSchema>

export const exceptionKinds = ['allow', 'shared'] as const

export const exceptionSchema = z.strictObject({
  id: z.string(),
  /** `allow`: no automatic ban holds here. `shared`: many users behind one address, alerts instead of automatic bans. */
  kind: z.enum(exceptionKinds),
  cidr: z.string(),
  note: z.string(),
  author: z.string(),
  created_at: z.int(),
  version: z.int(),
})

export const isInForce = (
  { ends_at, lifted_at }: Pick<BanRow, 'ends_at' | 'lifted_at'>,
  now: number,
): boolean => lifted_at === null && (ends_at === null || ends_at > now)

export function toBan(found: BanRow & { search_text?: string }, now: number): Ban {
  const { note, evidence, search_text: _, ...row } = found
  return {
    ...row,
    reason: note,
    evidence: evidence === null ? null : JSON.parse(evidence),
    in_force: isInForce(row, now),
  }
}

/** What people write beside an address. */
export const remark = text(1_000)
export const prefixText = z.string('must be an address or CIDR').max(100, 'must be an address or CIDR')
