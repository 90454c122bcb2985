import { Card, Col, Row, Statistic, Typography, theme } from 'antd'
import type { ReactNode } from 'react'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { PageLink } from '../../ui/page-link.tsx'
import type { Overview } from './overview.ts'
import { texts } from './texts.ts'

/** Today beside yesterday. Yesterday is whole, today is not: so rates are compared, and counts only shown. */
export function Figures({ overview }: { overview: Overview }) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const { today, yesterday, active_users, locked_users, bans, backends } = overview
  const count = (value: number) => value.toLocaleString(locale)
  const percent = (share: number | null) =>
    share === null ? '–' : share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 1 })
  const ms = (value: number | null) => (value === null ? '–' : t.ms(count(Math.round(value))))
  const isDown = backends.up !== null && backends.up < backends.total
  return (
    <Row gutter={[16, 16]}>
      <Figure
        title={t.attemptsToday}
        value={count(today.total)}
        note={t.yesterday(count(yesterday.total))}
        to="/auth-log"
        search={{ since: String(today.since) }}
      />
      <Figure
        title={t.successRate}
        value={percent(today.success_rate)}
        note={t.yesterday(percent(yesterday.success_rate))}
        to="/auth-log"
        search={{ since: String(today.since), result: 'failed' }}
      />
      <Figure
        title={t.p95}
        value={ms(today.response_time.p95)}
        note={t.yesterday(ms(yesterday.response_time.p95))}
        to="/auth-log"
        search={{ since: String(today.since) }}
      />
      <Figure title={t.active} value={count(active_users)} note={t.activeNote} to="/mailboxes" search={{}} />
      <Figure
        title={t.locked}
        value={locked_users === null ? '–' : count(locked_users)}
        note={locked_users === null ? t.lockedUnknown : locked_users === 0 ? t.nobodyLocked : t.lockedNote}
        bad={(locked_users ?? 0) > 0}
        to="/mailboxes"
        search={{ locked: 'true' }}
      />
      <Figure title={t.bans} value={count(bans)} note={t.bansNote} to="/bans" search={{}} />
      <Figure
        title={t.backends}
        value={
          backends.up === null ? count(backends.total) : `${count(backends.up)} / ${count(backends.total)}`
        }
        note={backendNote(overview.backends, t)}
        bad={isDown}
        to="/backends"
        search={{}}
      />
      <Figure
        title={t.undecided}
        value={percent(today.error_rate)}
        note={t.yesterday(percent(yesterday.error_rate))}
        bad={(today.error_rate ?? 0) > 0}
        to="/auth-log"
        search={{ since: String(today.since), reason: broken }}
      />
    </Row>
  )
}

/** Nothing could be decided: something was away, overloaded or broken. */
const broken = 'no_backend,busy,timeout,hot_state_away,database_away,unavailable'

function backendNote({ up, total }: Overview['backends'], t: typeof texts.en): string {
  if (total === 0) return t.noBackend
  if (up === null) return t.notChecked
  return up < total ? t.someDown : t.allUp
}

interface FigureProps {
  title: string
  value: string
  note: ReactNode
  bad?: boolean
  to: string
  search: Record<string, string>
}

function Figure({ title, value, note, bad = false, to, search }: FigureProps) {
  const { token } = theme.useToken()
  return (
    <Col xs={12} md={8} lg={6}>
      <PageLink to={to} search={search} fills>
        <Card size="small" hoverable style={{ height: '100%' }}>
          <Statistic
            title={title}
            value={value}
            styles={{ content: { color: bad ? token.colorError : undefined } }}
          />
          <Typography.Text type="secondary">{note}</Typography.Text>
        </Card>
      </PageLink>
    </Col>
  )
}
