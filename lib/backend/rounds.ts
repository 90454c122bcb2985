/** A job that comes round by itself: one timer, never two runs at once, and a stop that leaves nothing behind. */

export interface Rounds {
  /** First run now, then one per interval. A second call does nothing. */
  start(): void
  /** A run as soon as possible: now, or right after the one under way. Nothing before start or after stop. */
  hurry(): void
  /** Aborts the run under way and resolves when it has ended. */
  stop(): Promise<void>
}

/**
 * @param run must not reject, and must end soon after its signal is aborted.
 * @param intervalMs from start to start; a run that takes longer makes the next one wait. The timer keeps no process alive.
 */
export function createRounds(run: (signal: AbortSignal) => Promise<void>, intervalMs: number): Rounds {
  let active: { timer: NodeJS.Timeout; abort: AbortController } | null = null
  let running: Promise<void> | null = null
  let again = false

  async function runOnce(signal: AbortSignal): Promise<void> {
    do {
      again = false
      await run(signal)
    } while (again && !signal.aborted)
    running = null
  }

  function tick(): void {
    if (active !== null && running === null) running = runOnce(active.abort.signal)
  }

  return {
    start() {
      if (active !== null) return
      active = { timer: setInterval(tick, intervalMs).unref(), abort: new AbortController() }
      tick()
    },
    hurry() {
      if (running === null) tick()
      else again = true
    },
    async stop() {
      if (active !== null) {
        clearInterval(active.timer)
        active.abort.abort()
        active = null
      }
      await running
    },
  }
}
