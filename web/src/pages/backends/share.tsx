/** Which part of the logins each backend got. */
import { useQuery } from '@tanstack/react-query'
import { Grid, Segmented } from 'antd'
import { useMemo } from 'react'
import { ask } from '../../api/ask.ts'
import type { Answer } from '../../api/types.ts'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { Chart, colours } from '../../ui/chart.tsx'
import { ProblemNote } from '../../ui/problem.tsx'
import { useView } from '../../ui/use-view.ts'
import { defaults, placeOf } from './page.tsx'
import { texts } from './texts.ts'

const colourOf = { imap: colours.first, pop3: colours.second, smtp: colours.third }

export function Share() {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const wide = Grid.useBreakpoint().md ?? true
  const { view, change } = useView(defaults)
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['share', view.span],
    queryFn: ({ signal }) =>
      ask('GET /api/backends/share', { query: { span: view.span as 'hour' | 'day' }, signal }),
    staleTime: 30_000,
  })
  const rows = data?.backends ?? []
  const nameWidth = wide ? 300 : 150
  const option = useMemo(() => draw(data?.backends ?? [], t, nameWidth), [data, t, nameWidth])
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  if (error) return <ProblemNote error={error} onRetry={() => void refetch()} />
  return (
    <Chart
      title={t.shareTitle}
      extra={
        <Segmented
          size="small"
          aria-label={t.shareTitle}
          value={view.span}
          onChange={span => change({ span })}
          options={[
            { value: 'hour', label: t.hour },
            { value: 'day', label: t.day },
          ]}
        />
      }
      option={option}
      height={Math.max(180, 60 + rows.length * (wide ? 32 : 40))}
      loading={isPending}
      note={data?.estimated ? t.estimated : undefined}
      isEmpty={rows.every(({ logins }) => logins === 0)}
      columns={[t.backend, t.protocol, t.logins, t.share]}
      rows={rows.map(row => [
        placeOf(row),
        t.protocols[row.protocol],
        row.logins.toLocaleString(locale),
        row.share === null ? '–' : percent.format(row.share),
      ])}
    />
  )
}

function draw(
  backends: Answer<'GET /api/backends/share'>['backends'],
  t: typeof texts.en,
  nameWidth: number,
) {
  const rows = backends.toReversed()
  return {
    grid: { left: 8, right: 48, top: 8, bottom: 8, containLabel: true },
    tooltip: { trigger: 'item' },
    xAxis: { type: 'value', max: 100, axisLabel: { formatter: '{value} %' } },
    yAxis: {
      type: 'category',
      data: rows.map(row => `${t.protocols[row.protocol]} ${placeOf(row)}`),
      axisLabel: { width: nameWidth, overflow: 'break', lineHeight: 15 },
    },
    series: [
      {
        type: 'bar',
        name: t.share,
        barMaxWidth: 18,
        label: { show: true, position: 'right', formatter: '{c} %' },
        data: rows.map(({ share, protocol }) => ({
          value: Math.round((share ?? 0) * 1000) / 10,
          itemStyle: { color: colourOf[protocol] },
        })),
      },
    ],
  }
}
