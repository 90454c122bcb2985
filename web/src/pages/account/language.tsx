import { useQueryClient } from '@tanstack/react-query'
import { Card, Flex, Select, Typography } from 'antd'
import { ask } from '../../api/ask.ts'
import { sessionQuery, useSession } from '../../api/session.ts'
import { type Language, setLanguage, useTexts } from '../../app/language.ts'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { texts } from './texts.ts'

export function OwnLanguage() {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const { language } = useSession()
  const client = useQueryClient()
  const choose = useAct((language: Language | null) => ask('PATCH /api/session', { body: { language } }), {
    touches: 'own-sessions',
    done: ui.saved,
    onDone(profile) {
      client.setQueryData(sessionQuery.queryKey, profile)
      if (profile.language !== null) setLanguage(profile.language)
    },
  })
  return (
    <Card title={t.language} size="small">
      <Flex wrap gap={12} justify="space-between" align="center">
        <Typography.Text type="secondary">{t.languageHint}</Typography.Text>
        <Select<Language | ''>
          aria-label={t.language}
          value={language ?? ''}
          loading={choose.isPending}
          style={{ minWidth: 160 }}
          onChange={value => choose.mutate(value || null)}
          options={[
            { value: '', label: t.browserLanguage },
            { value: 'en', label: 'English' },
            { value: 'zh', label: '中文' },
          ]}
        />
      </Flex>
    </Card>
  )
}
