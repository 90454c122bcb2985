/** What became of each row of the original, and what all of them come to. */

/** Fixed texts, so that equal ones can be counted; `about` has what differs. No text holds a secret. */
export interface Outcome {
  /** Its id, or its key. */
  row: string
  kind: 'taken' | 'here' | 'skipped'
  /** Why it was skipped. */
  why?: string
  /** What people know the row by. */
  about: string
  /** Canonical name of a mailbox: two rows with one of them are one mailbox. */
  name?: string
  /** What is different here from what it was there. */
  notes?: string[]
}

/** Rows with the same to be said about. */
export interface Group {
  text: string
  count: number
  /** The first few, as `row 17 (joe)`. */
  examples: string[]
}

export interface TableReport {
  table: string
  /** Rows in the original; null = it has no such table. */
  rows: number | null
  taken: number
  here: number
  skipped: number
  /** Why rows were skipped. */
  reasons: Group[]
  /** What else is to be known of rows that are here now. */
  notes: Group[]
}

const mostExamples = 5

export interface Tally {
  add(outcomes: readonly Outcome[]): void
  report(): TableReport
}

/** Counts the outcomes of one table, in the order of its rows. */
export function createTally(table: string, rows: number | null): Tally {
  const counts = { taken: 0, here: 0, skipped: 0 }
  const reasons = new Map<string, Group>()
  const notes = new Map<string, Group>()
  const names = new Set<string>()

  const count = ({ row, kind, why, about, notes: texts = [] }: Outcome) => {
    counts[kind] += 1
    const example = about === '' ? `row ${row}` : `row ${row} (${about})`
    if (why !== undefined) note(reasons, why, example)
    for (const text of texts) note(notes, text, example)
  }

  return {
    add(outcomes) {
      for (const outcome of outcomes) {
        const { name = '', row, about } = outcome
        if (name !== '' && names.has(name)) count({ row, about, kind: 'skipped', why: sameName })
        else count(outcome)
        if (outcome.kind !== 'skipped') names.add(name)
      }
    },
    report: () => ({
      table,
      rows,
      ...counts,
      reasons: [...reasons.values()],
      notes: [...notes.values()],
    }),
  }
}

const sameName = 'the name is the same mailbox as that of an earlier row, which was taken'

function note(groups: Map<string, Group>, text: string, example: string): void {
  const group = groups.get(text) ?? { text, count: 0, examples: [] }
  group.count += 1
  if (group.examples.length < mostExamples) group.examples.push(example)
  groups.set(text, group)
}
