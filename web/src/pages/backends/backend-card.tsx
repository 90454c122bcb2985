import { Alert, Badge, Card, Descriptions, Flex, Tag, Tooltip, Typography } from 'antd'
import { useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import { inWords } from '../../ui/server-words.ts'
import { Time } from '../../ui/time.tsx'
import { Acts } from './acts.tsx'
import { type Backend, placeOf } from './page.tsx'
import { texts } from './texts.ts'

interface Props {
  backend: Backend
  onEdit(): void
  onHistory(): void
}

const colours = { active: 'blue', draining: 'purple', off: 'default' } as const
const tagStyle = { flex: 'none', marginInlineEnd: 0 } as const

export function BackendCard({ backend, onEdit, onHistory }: Props) {
  const t = useTexts(texts)
  const { protocol, state, weight, tier, domain, pool, dns_error, resolved_at } = backend
  return (
    <Card
      size="small"
      style={{ height: '100%' }}
      styles={{ body: { display: 'flex', flexDirection: 'column', gap: 12, height: '100%' } }}
    >
      <Flex gap={8} align="start">
        <Tag style={tagStyle}>{t.protocols[protocol]}</Tag>
        <Typography.Text strong copyable style={{ flex: 1, overflowWrap: 'anywhere' }}>
          {placeOf(backend)}
        </Typography.Text>
        <Tooltip title={t.stateHints[state]}>
          <Tag color={colours[state]} style={tagStyle}>
            {t.states[state]}
          </Tag>
        </Tooltip>
      </Flex>
      <Descriptions
        size="small"
        column={2}
        items={[
          { key: 'weight', label: t.weight, children: weight },
          { key: 'tier', label: t.tier, children: tier },
          ...(domain === null ? [] : [{ key: 'domain', label: t.domain, children: domain }]),
          ...(pool === null ? [] : [{ key: 'pool', label: t.pool, children: pool }]),
        ]}
      />
      {dns_error !== null && <Alert type="warning" showIcon title={inWords(dns_error)} />}
      <Addresses health={backend.health} />
      <PageLink to="/auth-log" search={{ backend: `${backend.host}:${backend.port}`, since: '1h' }}>
        {t.itsLogins}
      </PageLink>
      {resolved_at !== null && (
        <Typography.Text type="secondary">
          {t.resolved} <Time at={resolved_at} />
        </Typography.Text>
      )}
      <div style={{ marginTop: 'auto' }}>
        <Acts backend={backend} onEdit={onEdit} onHistory={onHistory} />
      </div>
    </Card>
  )
}

function Addresses({ health }: Pick<Backend, 'health'>) {
  const t = useTexts(texts)
  if (health.length === 0) return <Typography.Text type="secondary">{t.noAddress}</Typography.Text>
  return (
    <Flex vertical gap={4}>
      {health.map(({ address, up, since, checked_at, last_error }) => (
        <div key={address}>
          <Badge
            status={checked_at === null ? 'default' : up ? 'success' : 'error'}
            text={<strong>{address}</strong>}
          />{' '}
          {checked_at === null ? (
            t.unchecked
          ) : (
            <>
              {up ? t.up : t.down}{' '}
              <Typography.Text type="secondary">
                · {t.sinceThen} <Time at={since} /> · {t.checked} <Time at={checked_at} />
              </Typography.Text>
            </>
          )}
          {last_error !== null && (
            <div>
              <Typography.Text type="danger">{inWords(last_error)}</Typography.Text>
            </div>
          )}
        </div>
      ))}
    </Flex>
  )
}
