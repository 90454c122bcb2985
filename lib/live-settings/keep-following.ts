/** For what no request brings about: checks of backends, jobs, the log. */
import { pause } from '../pause.ts'
import type { LiveSettings } from './live.ts'

const everyMs = 1_000

/** @returns what ends it */
export function keepFollowing(liveSettings: Pick<LiveSettings, 'refresh'>): () => Promise<void> {
  const stopping = new AbortController()
  const following = follow(liveSettings, stopping.signal)
  return async () => {
    stopping.abort()
    await following
  }
}

async function follow(liveSettings: Pick<LiveSettings, 'refresh'>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await liveSettings.refresh()
    await pause(everyMs, signal)
  }
}
