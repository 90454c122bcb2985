/** Calls that come at the same time go together, one batch after the other: the next one gathers while one is under way. */

/**
 * A batch leaves when so many wait, or when two turns of the event loop brought nothing new. With all of those in flight in
 * one batch this process would stand still while it is written: it works on some while others are under way.
 */
const enough = 24
const quietTurns = 2

export interface Batches<T> {
  add(item: T): void
  /** How many wait for their batch to leave. */
  waiting(): number
}

/**
 * Throughput rises with load, a lone item waits for nobody, and no timer runs while there is nothing to do.
 * @param most items of one batch
 * @param run does what a batch is for; it must not reject
 */
export function createBatches<T>(most: number, run: (batch: T[]) => Promise<void>): Batches<T> {
  let waiting: T[] = []
  let running = false

  const gather = async () => {
    let seen = 0
    for (let quiet = 0; quiet < quietTurns && waiting.length < enough; ) {
      quiet = waiting.length === seen ? quiet + 1 : 0
      seen = waiting.length
      await nextTurn()
    }
    const batch = waiting.slice(0, most)
    waiting = waiting.slice(most)
    return batch
  }

  const runAll = async () => {
    running = true
    while (waiting.length > 0) await run(await gather())
    running = false
  }

  return {
    add(item) {
      waiting.push(item)
      if (!running) void runAll()
    },
    waiting: () => waiting.length,
  }
}

const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve))
