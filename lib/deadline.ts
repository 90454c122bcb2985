/** A promise with a last moment. */

export class DeadlinePassed extends Error {
  override name = 'DeadlinePassed'
}

/** Settles as `work` does, or rejects with DeadlinePassed after `ms`. The work itself goes on, unheard. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new DeadlinePassed(`not done within ${ms} ms`)), ms)
  const settle = <A>(how: (outcome: A) => void) => {
    return (outcome: A) => {
      clearTimeout(timer)
      how(outcome)
    }
  }
  work.then(settle(resolve), settle(reject))
  return promise
}
