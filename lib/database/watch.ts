/**
 * Whether the database server can be reached. Nobody asks while all goes well: a statement that fails on its way, or
 * gets no answer, makes us look. While the server is away nothing but that look goes to it, so nobody waits for
 * time-outs, and it is not run over when it comes back.
 */
import { setTimeout as wait } from 'node:timers/promises'

export interface Away {
  /** UTC milliseconds. */
  since: number
  /** One line, from the driver. */
  why: string
}

/** The server is known to be away: nothing was sent. */
export class ServerAway extends Error {
  override name = 'ServerAway'
  readonly code = 'DATABASE_AWAY'
  constructor({ why }: Away) {
    super(`the database is away: ${why}`)
  }
}

export interface ServerWatch {
  /** null = as far as is known it is there. */
  away(): Away | null
  /**
   * Does the work unless the server is away, and gives it up when it turns out to be.
   * @param discard takes what the work brings when it was given up
   * @throws ServerAway, or what the work throws
   */
  during<T>(work: () => Promise<T>, discard?: (late: T) => void): Promise<T>
  close(): void
}

/** Without an answer for so long, a statement makes us look; */
const patienceMs = 700
/** and a look that gets none for so long says that the server is away. It goes on: an answer ends that at once. */
const answerMs = 800
/** Between two looks. The pause grows up to it, a part of it left to chance, so that gateways do not come all at once. */
const longestPauseMs = 800

/**
 * @param probe resolves when the server has answered anything; it ends by itself
 * @param isOfTheWay whether an error says that the server may be away
 */
export function createServerWatch(
  probe: () => Promise<void>,
  isOfTheWay: (error: unknown) => boolean,
): ServerWatch {
  let away: Away | null = null
  let looking = false
  let answeredAt = Number.NEGATIVE_INFINITY
  const stopping = new AbortController()
  const givingUp = new Set<(error: ServerAway) => void>()

  const beAway = (why: string) => {
    away = { since: away?.since ?? Date.now(), why }
    for (const giveUp of givingUp) giveUp(new ServerAway(away))
    givingUp.clear()
  }

  const lookOnce = async (): Promise<boolean> => {
    let done = false
    // After a pause of our own process its timers run before it reads what has come meanwhile.
    const alarm = setTimeout(
      () => setImmediate(() => done || beAway(`no answer within ${answerMs} ms`)),
      answerMs,
    )
    try {
      await probe()
      return true
    } catch (error) {
      beAway((error as Error).message)
      return false
    } finally {
      done = true
      clearTimeout(alarm)
    }
  }

  const look = async () => {
    if (looking) return
    looking = true
    for (let tries = 0; !stopping.signal.aborted; tries++) {
      if (await lookOnce()) break
      await wait(pauseAfter(tries), undefined, { signal: stopping.signal }).catch(() => {})
    }
    away = null
    answeredAt = performance.now()
    looking = false
  }

  const wonder = () => {
    if (performance.now() > answeredAt + patienceMs) void look()
  }

  return {
    away: () => away,
    during<T>(work: () => Promise<T>, discard?: (late: T) => void) {
      if (away !== null) return Promise.reject(new ServerAway(away))
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      const timer = setInterval(wonder, patienceMs)
      const giveUp = (error: ServerAway) => {
        clearInterval(timer)
        reject(error)
      }
      givingUp.add(giveUp)
      const end = () => {
        clearInterval(timer)
        return givingUp.delete(giveUp)
      }
      work().then(
        result => (end() ? resolve(result) : discard?.(result)),
        error => {
          end()
          if (isOfTheWay(error)) void look()
          reject(error)
        },
      )
      return promise
    },
    close: () => stopping.abort(),
  }
}

function pauseAfter(tries: number): number {
  const pause = Math.min(longestPauseMs, 50 * 2 ** tries)
  return pause * (0.5 + Math.random() / 2)
}
