/** What somebody has to hear of. Production only: an alarm costs something every month. */
import { type FunctionName, plan } from '../plan.ts'
import type { Choices } from './choices.ts'
import type { Functions } from './functions.ts'

interface Alarm {
  metric: string
  statistic: 'Sum' | 'Maximum'
  threshold: number
  comparison: 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold'
  /** What no figure means; usually that nothing happened. */
  missing?: 'breaching'
  says: string
}

/** The platform ended it, or it could not start. */
const errors: Alarm = {
  metric: 'Errors',
  statistic: 'Sum',
  threshold: 1,
  comparison: 'GreaterThanOrEqualToThreshold',
  says: 'calls failed without an answer',
}

const throttles: Alarm = {
  ...errors,
  metric: 'Throttles',
  says: 'calls were refused: all instances were busy',
}

/** What it answers itself when a store is away, or when it is not set up. */
const unavailable: Alarm = {
  ...errors,
  metric: 'Url5xxCount',
  threshold: 5,
  says: 'logins got a temporary failure',
}

const slow = (name: FunctionName): Alarm => ({
  metric: 'Duration',
  statistic: 'Maximum',
  threshold: 0.8 * plan[name].timeout * 1_000,
  comparison: 'GreaterThanOrEqualToThreshold',
  says: `a call took more than 80 % of its ${plan[name].timeout} s`,
})

const still: Alarm = {
  metric: 'Invocations',
  statistic: 'Sum',
  threshold: 1,
  comparison: 'LessThanThreshold',
  missing: 'breaching',
  says: 'nothing was done for five minutes: no roll-ups, notices, retention',
}

const alarmsOf = (name: FunctionName): Alarm[] => {
  if (name === 'nginx-auth') return [errors, throttles, unavailable, slow(name)]
  return name === 'tick' ? [errors, slow(name), still] : [errors]
}

export function createAlarms({ isProduction, alarmMail }: Choices, functions: Functions): void {
  if (!isProduction) return
  const topic = new aws.sns.Topic('Alarms')
  if (alarmMail !== null) {
    new aws.sns.TopicSubscription('AlarmMail', { topic: topic.arn, protocol: 'email', endpoint: alarmMail })
  }
  for (const name of Object.keys(functions) as FunctionName[]) {
    for (const { metric, statistic, threshold, comparison, missing, says } of alarmsOf(name)) {
      new aws.cloudwatch.MetricAlarm(`${name}-${metric}`, {
        namespace: 'AWS/Lambda',
        metricName: metric,
        dimensions: { FunctionName: functions[name].name },
        statistic,
        period: 300,
        evaluationPeriods: 1,
        threshold,
        comparisonOperator: comparison,
        treatMissingData: missing ?? 'notBreaching',
        alarmDescription: `MailGateway ${name}: ${says}`,
        alarmActions: [topic.arn],
        okActions: [topic.arn],
      })
    }
  }
}
