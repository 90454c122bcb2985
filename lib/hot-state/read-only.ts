/** A hot state that answers as if places had been taken, and does nothing: for asking what would become of a login. */
import type { HotState, Op, Results } from './port.ts'

/** @param hot what is read; it stays the caller's to close */
export function readOnly(hot: HotState): HotState {
  return {
    async apply<const Ops extends readonly Op[]>(ops: Ops) {
      const wanted = ops.flatMap(op => [op.key, ...unlessOf(op)])
      const values = await hot.apply(wanted.map(key => ({ op: 'read', key }) as const))
      const read = new Map(wanted.map((key, i) => [key, values[i] ?? null]))
      return ops.map(op => answer(op, key => read.get(key) ?? null)) as Results<Ops>
    },
    announce() {
      throw new Error('whoever only asks has nothing to announce')
    },
    generation: hot.generation,
    wake: hot.wake,
    close: async () => {},
  }
}

const unlessOf = (op: Op) => (op.op === 'add' ? (op.unless ?? []) : [])

/** What a set has can be seen, not whom: one that is full is taken to have others. */
function answer(op: Op, read: (key: string) => string | null): unknown {
  const value = read(op.key)
  const count = Number(value)
  switch (op.op) {
    case 'read':
      return value
    case 'add':
      if (unlessOf(op).some(key => read(key) !== null)) return { count, outcome: 'skipped' }
      return count < op.cap ? { count: count + 1, outcome: 'added' } : { count, outcome: 'full' }
    default:
      throw new Error(`whoever only asks does not ${op.op} ${op.key}`)
  }
}
