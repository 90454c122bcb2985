/** Where a login would go now, and why. */
import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Card, Flex, Form, Input, Select, Tag, Typography } from 'antd'
import { useState } from 'react'
import { ask } from '../../api/ask.ts'
import type { Answer, Body } from '../../api/types.ts'
import { useTexts } from '../../app/language.ts'
import { placeErrors } from '../../ui/place-errors.ts'
import { ProblemNote } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { placeOf } from './page.tsx'
import { texts } from './texts.ts'

type Typed = Body<'POST /api/backends/preview'>
type Found = Answer<'POST /api/backends/preview'>

export function Preview() {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<Typed>()
  const [problem, setProblem] = useState<unknown>(null)
  const { mutate, data, isPending } = useMutation({
    mutationFn: (body: Typed) => ask('POST /api/backends/preview', { body }),
    onSuccess: () => setProblem(null),
    onError: error => setProblem(placeErrors(form, error)),
  })
  return (
    <Card size="small" title={t.whoWhere} style={{ height: '100%' }}>
      <Flex vertical gap={12}>
        <Typography.Text type="secondary">{t.whoWhereHint}</Typography.Text>
        <Form<Typed> form={form} initialValues={{ protocol: 'imap' }} onFinish={typed => mutate(typed)}>
          <Flex gap={8} wrap>
            <Form.Item
              name="user"
              rules={[{ required: true, whitespace: true, message: ui.needed }]}
              style={{ flex: '1 1 180px', marginBottom: 0 }}
            >
              <Input aria-label={t.user} placeholder={t.user} autoComplete="off" />
            </Form.Item>
            <Form.Item name="protocol" noStyle>
              <Select
                aria-label={t.protocol}
                style={{ width: 96 }}
                options={Object.entries(t.protocols).map(([value, label]) => ({ value, label }))}
              />
            </Form.Item>
            <Button htmlType="submit" loading={isPending}>
              {t.ask}
            </Button>
          </Flex>
        </Form>
        <ProblemNote error={problem} />
        {data && <Way found={data} />}
      </Flex>
    </Card>
  )
}

function Way({ found: { chosen, candidates, reason, exists, by } }: { found: Found }) {
  const t = useTexts(texts)
  return (
    <>
      <Alert
        type={chosen ? 'success' : 'warning'}
        showIcon
        title={chosen ? t.goesTo(placeOf({ ...chosen, host: chosen.address })) : t.goesNowhere}
        description={t.reasons[reason]}
      />
      {!exists && <Typography.Text type="secondary">{t.notThere}</Typography.Text>}
      {candidates.length > 0 && (
        <Flex vertical gap={4}>
          <Typography.Text type="secondary">{t.by[by]}</Typography.Text>
          {candidates.map(each => (
            <Flex key={each.id} gap={8} wrap align="center">
              <Typography.Text strong={each.id === chosen?.id}>{placeOf(each)}</Typography.Text>
              <Tag style={{ marginInlineEnd: 0 }}>{t.states[each.state]}</Tag>
              <Typography.Text type="secondary">
                {t.tier} {each.tier} · {t.weight} {each.weight} ·{' '}
                {each.addresses_up.length > 0 ? `${t.up}: ${each.addresses_up.join(', ')}` : t.down}
              </Typography.Text>
            </Flex>
          ))}
        </Flex>
      )}
    </>
  )
}
