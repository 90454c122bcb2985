/** When a ban ends: a duration from now, for ever, or a certain time. */
import { Form, Select } from 'antd'
import { lazy, Suspense } from 'react'
import { useTexts } from '../../app/language.ts'
import { texts } from './texts.ts'

/** A calendar is heavy, and rarely wanted. */
const DateField = lazy(() => import('./date-field.tsx'))

const hour = 3_600_000
const durations = {
  hour,
  quarter: 6 * hour,
  day: 24 * hour,
  week: 168 * hour,
  month: 720 * hour,
  year: 8_760 * hour,
}

type Chosen = 'keep' | keyof typeof durations | 'ever' | 'until'

export interface TypedEnd {
  duration: Chosen
  /** As the date picker holds it. */
  ends_at?: { valueOf(): number }
}

/** As the API takes it. */
export function endOf({ duration, ends_at }: TypedEnd): { duration?: number | null; ends_at?: number } {
  if (duration === 'keep') return {}
  if (duration === 'ever') return { duration: null }
  if (duration === 'until') return { ends_at: ends_at!.valueOf() }
  return { duration: durations[duration] }
}

/** Fields `duration` and `ends_at` of a form. @param keep whether it may stay as it is */
export function BanEnd({ keep = false }: { keep?: boolean }) {
  const t = useTexts(texts)
  const duration: Chosen | undefined = Form.useWatch('duration')
  const choices = Object.entries(t.durations).map(([value, label]) => ({ value, label }))
  return (
    <>
      <Form.Item name="duration" label={t.duration} extra={keep && t.durationFromNow}>
        <Select options={choices.filter(({ value }) => keep || value !== 'keep')} />
      </Form.Item>
      {duration === 'until' && (
        <Suspense>
          <DateField />
        </Suspense>
      )}
    </>
  )
}
