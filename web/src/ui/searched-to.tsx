/** Where a page ends early because the search looked at many rows. */
import { Alert, Button } from 'antd'
import { localeOf, useLanguage, useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'
import { formatTime } from './time.tsx'

interface Props {
  page: { searched_to: number | null; next: string | null } | undefined
  onGo(after: string): void
}

export function SearchedTo({ page, onGo }: Props) {
  const t = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  if (!page || page.searched_to === null || page.next === null) return null
  const { next } = page
  return (
    <Alert
      type="info"
      showIcon
      title={t.searchedTo(formatTime(page.searched_to, locale))}
      action={
        <Button size="small" onClick={() => onGo(next)}>
          {t.searchOn}
        </Button>
      }
    />
  )
}
