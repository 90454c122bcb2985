/** A promise with a last moment. */

export class DeadlinePassed extends Error {
  override name = 'DeadlinePassed'
}

/** Settles as `work` does, or rejects with DeadlinePassed after `ms`. The work itself goes on, unheard. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new DeadlinePassed(`not done within ${ms} ms`)), ms)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
