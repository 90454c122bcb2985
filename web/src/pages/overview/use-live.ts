/** The numbers of now: streamed, or asked for where the host cannot stream. */
import { useEffect, useState, useSyncExternalStore } from 'react'
import { ApiProblem, ask, fetchApi } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'

export type Now = Answer<'GET /api/stats/now'>

export interface Live {
  now: Now | null
  /** Between a lost connection and the next number. */
  isLost: boolean
}

const pollMs = 2_000
/** The gateway sends every second. */
const silenceMs = 6_000
const retryMs = [1_000, 2_000, 4_000, 8_000]

/** Nothing is asked for while nobody looks: browsers have few connections to one host. */
export function useLive(): Live {
  const isSeen = useSyncExternalStore(watchVisibility, () => document.visibilityState === 'visible')
  const [live, setLive] = useState<Live>({ now: null, isLost: false })
  useEffect(() => {
    if (!isSeen) return
    const stopping = new AbortController()
    void follow(setLive, stopping.signal)
    return () => stopping.abort()
  }, [isSeen])
  return live
}

function watchVisibility(watcher: () => void): () => void {
  document.addEventListener('visibilitychange', watcher)
  return () => document.removeEventListener('visibilitychange', watcher)
}

type Show = (change: (live: Live) => Live) => void

/** Until it is stopped. A stream that ends in order, as with its token, is simply begun again. */
async function follow(show: Show, signal: AbortSignal): Promise<void> {
  let failures = 0
  const take = (now: Now) => {
    if (signal.aborted) return
    failures = 0
    show(() => ({ now, isLost: false }))
  }
  let read = stream
  while (!signal.aborted) {
    try {
      await read(take, signal)
      await pause(retryMs[0]!, signal)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiProblem && error.status === 501) {
        read = poll
        continue
      }
      show(({ now }) => ({ now, isLost: true }))
      await pause(retryMs[Math.min(failures, retryMs.length - 1)]!, signal)
      failures += 1
    }
  }
}

async function poll(take: (now: Now) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    take(await ask('GET /api/stats/now', { signal }))
    await pause(pollMs, signal)
  }
}

async function stream(take: (now: Now) => void, signal: AbortSignal): Promise<void> {
  const silent = new AbortController()
  let timer = setTimeout(() => silent.abort(), silenceMs)
  try {
    const response = await fetchApi('GET /api/stats/live', {
      signal: AbortSignal.any([signal, silent.signal]),
    })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(), silenceMs)
      const events = (text + value).split('\n\n')
      text = events.pop()!
      const data = events.at(-1)?.match(/^data: ?(.*)$/m)?.[1]
      if (data !== undefined) take(JSON.parse(data))
    }
  } finally {
    clearTimeout(timer)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
