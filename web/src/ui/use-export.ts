import { useMutation } from '@tanstack/react-query'
import { App } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { ApiProblem, fetchApi } from '../api/ask.ts'
import { localeOf, useLanguage, useTexts } from '../app/language.ts'
import { useProblemText } from './problem.tsx'
import { save } from './save.ts'
import { uiTexts } from './texts.ts'

export interface ExportOf {
  route: 'GET /api/auth-log/export' | 'GET /api/operation-log/export'
  /** Of the file, without its ending. */
  name: string
  filter(): Record<string, unknown>
}

type Format = 'csv' | 'ndjson'

const shownEveryMs = 200

export function useExport({ route, name, filter }: ExportOf) {
  const t = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  const { message } = App.useApp()
  const problemText = useProblemText()
  const [rows, setRows] = useState(0)
  const stopping = useRef(new AbortController())
  useEffect(() => () => stopping.current.abort(), [])
  const { mutate, isPending } = useMutation({
    mutationFn: async (format: Format) => {
      setRows(0)
      stopping.current = new AbortController()
      const { signal } = stopping.current
      const parts: BlobPart[] = []
      const counted = countLines(format === 'csv', setRows)
      for (let after: string | null = ''; after !== null; ) {
        const response = await fetchApi(route, { query: { ...filter(), format, after }, signal })
        for await (const chunk of readChunks(response, signal)) {
          parts.push(chunk)
          counted.add(chunk)
        }
        // A host that cannot stream gives it in parts.
        after = response.headers.get('X-Next')
      }
      save(`${name}.${format}`, parts)
      return counted.rows()
    },
    onSuccess: count => void message.success(t.exported(count.toLocaleString(locale)), 6),
    onError: error => {
      if (!stopping.current.signal.aborted) void message.error(problemText(error), 6)
    },
  })
  return { rows, isPending, start: mutate, stop: () => stopping.current.abort() }
}

/** @throws ApiProblem when it breaks off */
async function* readChunks(response: Response, signal: AbortSignal) {
  const reader = response.body!.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch(error => {
      throw signal.aborted ? error : new ApiProblem(0, { code: 'unreachable' })
    })
    if (done) return
    yield value
  }
}

/** Rows so far; the first line of a CSV is none. */
function countLines(hasHead: boolean, show: (rows: number) => void) {
  let rows = hasHead ? -1 : 0
  let shownAt = 0
  return {
    rows: () => Math.max(0, rows),
    add(chunk: Uint8Array) {
      for (const byte of chunk) if (byte === 10) rows += 1
      if (performance.now() < shownAt + shownEveryMs) return
      shownAt = performance.now()
      show(Math.max(0, rows))
    },
  }
}
