import { afterEach, expect, test, vi } from 'vitest'
import { createMemoryHotState } from '../hot-state/memory.ts'
import type { HotState } from '../hot-state/port.ts'
import { type Job, startJobs } from './jobs.ts'

let steady = 0
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const open = (
  hot: HotState,
  job: Job,
  log: { error(about: object, text: string): void } = { error: () => {} },
) => {
  const stop = startJobs({ hot, node: 'one', log }, [job])
  stops.push(stop)
  return stop
}

test('of many processes one does a job in each interval', async () => {
  const hot = createMemoryHotState(() => steady)
  let runs = 0
  const job = { name: 'count', everyMs: 20, run: async () => void runs++ }
  for (let i = 0; i < 5; i++) open(hot, job)
  await vi.waitFor(() => expect(runs).toBe(1), 20_000)
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(runs).toBe(1)
  steady += 19
  await vi.waitFor(() => expect(runs).toBe(2), 20_000)
})

test('a job that fails is logged and done again', async () => {
  const hot = createMemoryHotState(() => steady++ * 100)
  let runs = 0
  const errors: object[] = []
  const run = async () => {
    runs++
    throw new Error('no luck')
  }
  open(hot, { name: 'fail', everyMs: 5, run }, { error: about => errors.push(about) })
  await vi.waitFor(() => expect(runs).toBeGreaterThan(2), 20_000)
  expect(errors[0]).toMatchObject({ job: 'fail', err: { message: 'no luck' } })
})

test('a hot state that is away stops nothing', async () => {
  let away = true
  const memory = createMemoryHotState(() => steady)
  const hot: HotState = {
    ...memory,
    apply: ops => (away ? Promise.reject(new Error('away')) : memory.apply(ops)),
  }
  let runs = 0
  open(hot, { name: 'later', everyMs: 5, run: async () => void runs++ })
  await new Promise(resolve => setTimeout(resolve, 20))
  away = false
  await vi.waitFor(() => expect(runs).toBe(1), 20_000)
})

test('stopping aborts what runs and waits for its end', async () => {
  const hot = createMemoryHotState(() => steady)
  let [begun, ended] = [false, false]
  const run = async (signal: AbortSignal) => {
    begun = true
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    await new Promise(resolve => setTimeout(resolve, 20))
    ended = true
  }
  const stop = open(hot, { name: 'long', everyMs: 5, run })
  await vi.waitFor(() => expect(begun).toBe(true), 20_000)
  await stop()
  expect(ended).toBe(true)
})
