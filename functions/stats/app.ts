/** Statistics: how many logged in, how long it took, who stands out; over time, and now. */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { readSession } from '../../lib/admin/sessions.ts'
import { operationsOf } from '../../lib/http/operation.ts'
import { HttpProblem } from '../../lib/http/problem.ts'
import { readSessionId } from '../../lib/http/rate-limit.ts'
import { pause } from '../../lib/pause.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { now } from '../../lib/stats/now.ts'
import { overview, overviewQuery, readOverview } from '../../lib/stats/overview.ts'
import { readSeries, series, seriesQuery } from '../../lib/stats/series.ts'

const operation = operationsOf<Services>()

const everyMs = 1_000
/** Between two looks whether who watches may still do so. */
const checkMs = 2_000

export const stats = [
  operation({
    route: 'GET /api/stats/overview',
    role: 'auditor',
    summary: 'Today against yesterday, and how things stand.',
    query: overviewQuery,
    answer: overview,
    handle: ({ services, query }) => readOverview(services, query),
  }),
  operation({
    route: 'GET /api/stats/series',
    role: 'auditor',
    summary: 'Attempts over time, without gaps, by result, protocol or reason.',
    query: seriesQuery,
    answer: series,
    handle: ({ services, query }) => readSeries(services, query),
  }),
  operation({
    route: 'GET /api/stats/now',
    role: 'auditor',
    summary: 'What is going on now; to be asked every second or more seldom.',
    answer: now,
    handle: ({ services }) => services.live.read(),
  }),
  operation({
    route: 'GET /api/stats/live',
    role: 'auditor',
    summary: 'The same as server-sent events, one a second; not in the cloud.',
    contentType: 'text/event-stream',
    handle({ services, c }) {
      const { stopping, live } = services
      if (!stopping)
        throw new HttpProblem(501, 'not_streamed', 'nothing is streamed here: ask GET /api/stats/now')
      c.header('X-Accel-Buffering', 'no')
      return streamSSE(c, async stream => {
        const end = new AbortController()
        stream.onAbort(() => end.abort())
        const signal = AbortSignal.any([end.signal, stopping])
        let checkedAt = performance.now()
        while (!signal.aborted) {
          const looked = performance.now()
          if (looked > checkedAt + checkMs) {
            if (!(await maySee(c, services))) break
            checkedAt = looked
          }
          await stream.writeSSE({ data: JSON.stringify(await live.read()) })
          await pause(everyMs, signal)
        }
      })
    },
  }),
]

/** Until the token has expired, or the session has ended. */
async function maySee(c: Context, services: Services): Promise<boolean> {
  const id = await readSessionId(c, services)
  return id !== null && (await readSession(services, id)) !== null
}
