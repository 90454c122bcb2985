import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { ApiProblem, ask } from '../../api/ask.ts'

export type Act = 'unlock' | 'enable' | 'disable' | 'delete'

const acts: Record<Act, (name: string) => Promise<unknown>> = {
  unlock: name => ask('POST /api/users/{name}/unlock', { path: { name } }),
  enable: name => ask('PATCH /api/users/{name}', { path: { name }, body: { enabled: true } }),
  disable: name => ask('PATCH /api/users/{name}', { path: { name }, body: { enabled: false } }),
  delete: name => ask('DELETE /api/users/{name}', { path: { name } }),
}

interface Failure {
  name: string
  error: unknown
}

const pauseMs = 5_000

/** @param onEnd gets those for which it did not work, or was not tried any more */
export function useBulk(onEnd: (left: string[]) => void) {
  const client = useQueryClient()
  const stopped = useRef(false)
  const [state, setState] = useState({ running: false, done: 0, of: 0, failures: [] as Failure[] })
  const run = async (act: Act, names: string[]) => {
    stopped.current = false
    const failures: Failure[] = []
    setState({ running: true, done: 0, of: names.length, failures })
    let done = 0
    while (done < names.length && !stopped.current) {
      const name = names[done]!
      try {
        await patiently(
          () => acts[act](name),
          () => stopped.current,
        )
      } catch (error) {
        failures.push({ name, error })
      }
      done++
      setState(state => ({ ...state, done, failures }))
    }
    setState(state => ({ ...state, running: false }))
    void client.invalidateQueries({ queryKey: ['users'] })
    onEnd([...failures.map(({ name }) => name), ...names.slice(done)])
  }
  const stop = () => {
    stopped.current = true
  }
  return { ...state, run, stop }
}

/** The gateway takes so many requests a minute: then the rest waits for the next one. */
async function patiently(act: () => Promise<unknown>, isStopped: () => boolean): Promise<void> {
  for (;;) {
    try {
      await act()
      return
    } catch (error) {
      if (isStopped() || !(error instanceof ApiProblem && error.code === 'rate_limited')) throw error
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }
}
