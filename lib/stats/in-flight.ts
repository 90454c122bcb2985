/** How many attempts a process is deciding, told to the others once a second, beside the way of a login. */
import type { HotState } from '../hot-state/port.ts'
import { pause } from '../pause.ts'

export interface InFlight {
  count: number
}

interface InFlightServices {
  hot: HotState
  node: string
  inFlight: InFlight
}

export const inFlightKey = (node: string) => `in-flight:${node}`

const tellMs = 1_000
/** A process that has ended is forgotten after so long; one that lives says it again in time. */
const ttlMs = 10_000

/** Begins to tell. @returns what ends it */
export function tellInFlight(services: InFlightServices): () => Promise<void> {
  const stopping = new AbortController()
  const told = tell(services, stopping.signal)
  return async () => {
    stopping.abort()
    await told
  }
}

async function tell({ hot, node, inFlight }: InFlightServices, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const value = `${inFlight.count}`
    // A number for people: while it cannot be told there is none.
    await hot.apply([{ op: 'write', key: inFlightKey(node), value, ttlMs }]).catch(() => {})
    await pause(tellMs, signal)
  }
}
