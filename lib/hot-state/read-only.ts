/** A hot state that answers as if everything had been done, and does nothing: for asking what would happen. */
import type { HotState, Op, Results } from './port.ts'

/** @param hot what is read; it stays the caller's to close */
export function readOnly(hot: HotState): HotState {
  return {
    async apply<const Ops extends readonly Op[]>(ops: Ops) {
      const values = await hot.apply(ops.map(({ key }) => ({ op: 'read', key }) as const))
      return ops.map((op, i) => answer(op, values[i]!)) as Results<Ops>
    },
    close: async () => {},
  }
}

/** What a set has can be seen, not whom: one that is full is taken to have others. */
function answer(op: Op, value: string | null): unknown {
  const count = Number(value)
  switch (op.op) {
    case 'read':
      return value
    case 'write':
      return true
    case 'remove':
      return value !== null
    case 'claim':
      return value === null
    case 'increment':
      return count + 1
    case 'add':
      return count < op.cap ? { count: count + 1, outcome: 'added' } : { count, outcome: 'full' }
    case 'drop':
      return Math.max(0, count - 1)
  }
}
