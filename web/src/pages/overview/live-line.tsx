import { Badge, Card, Statistic } from 'antd'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { uiTexts } from '../../ui/texts.ts'
import { texts } from './texts.ts'
import { useLive } from './use-live.ts'

const grid = {
  display: 'grid',
  gridTemplateColumns: 'repeat(auto-fit, minmax(140px, 1fr))',
  gap: 12,
  alignItems: 'center',
}

/** What goes on now; the last numbers stay, marked, while the connection is lost. */
export function LiveLine() {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const locale = localeOf(useLanguage())
  const { now, isLost } = useLive()
  const show = (value: number | null | undefined) => value?.toLocaleString(locale) ?? '–'
  return (
    <Card size="small">
      <div style={{ ...grid, opacity: isLost ? 0.85 : 1 }}>
        <Badge
          role="status"
          status={isLost ? 'warning' : now ? 'processing' : 'default'}
          text={isLost ? ui.retrying : ui.live}
        />
        <Figure title={t.perSecond} value={show(now?.qps)} />
        <Figure title={t.inFlight} value={show(now?.in_flight)} />
        <Figure title={t.p95Now} value={now?.p95 == null ? '–' : t.ms(show(Math.round(now.p95)))} />
        <Figure title={t.successNow} value={show(now?.success)} />
        <Figure title={t.failedNow} value={show(now?.failed)} />
      </div>
    </Card>
  )
}

const Figure = ({ title, value }: { title: string; value: string }) => (
  <Statistic
    title={title}
    value={value}
    styles={{ content: { fontSize: 18, fontVariantNumeric: 'tabular-nums' } }}
  />
)
