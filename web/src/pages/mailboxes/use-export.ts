import { useMutation } from '@tanstack/react-query'
import { App } from 'antd'
import { useState } from 'react'
import { fetchApi } from '../../api/ask.ts'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { useProblemText } from '../../ui/problem.tsx'
import { save } from '../../ui/save.ts'
import { texts } from './texts.ts'
import { filterOf, type View } from './view.ts'

/** All mailboxes that the filters find as one CSV file. The gateway gives it in parts; `rows` tells how far it is. */
export function useExport(view: View) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const { message } = App.useApp()
  const problemText = useProblemText()
  const [rows, setRows] = useState(0)
  const mutation = useMutation({
    mutationFn: async () => {
      setRows(0)
      const parts: string[] = []
      // The header line is none.
      let count = -1
      for (let after: string | null = ''; after !== null; ) {
        const response = await fetchApi('GET /api/export/users', { query: { ...filterOf(view), after } })
        const part = await response.text()
        parts.push(part)
        count += part.split('\r\n').length - 1
        setRows(Math.max(0, count))
        after = followerOf(response.headers.get('Link'))
      }
      save('mailboxes.csv', parts)
      return count
    },
    onSuccess: count => void message.success(t.exported(count.toLocaleString(locale)), 6),
    onError: error => void message.error(problemText(error), 6),
  })
  return { ...mutation, rows: rows.toLocaleString(locale) }
}

/** `</api/export/users?after=…>; rel="next"` */
function followerOf(link: string | null): string | null {
  const path = /^<([^>]+)>; rel="next"$/.exec(link ?? '')?.[1]
  return path === undefined ? null : new URL(path, location.origin).searchParams.get('after')
}
