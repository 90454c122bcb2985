/** Telling operators of guessing. */
import type { Logger } from 'pino'
import type { Alert, Metrics } from '../metrics.ts'
import type { Notices } from '../notify/notices.ts'

export interface AlertServices {
  log: Logger
  metrics?: Metrics
  notices: Pick<Notices, 'add'>
}

interface AlertFacts {
  user?: string
  cidr?: string
  [other: string]: unknown
}

/** A line in the log, a count that monitoring can alert on, and of a whole attack a mail to administrators. */
export function raiseAlert(
  { log, metrics, notices }: AlertServices,
  alert: Alert,
  facts: AlertFacts,
  text: string,
): void {
  log.warn({ alert, ...facts }, text)
  metrics?.alertRaised(alert)
  if (alert !== 'spraying' && alert !== 'stuffing') return
  const { user = '', cidr = '' } = facts
  notices.add({ kind: 'attack', event: alert, user, network: cidr, address: '' })
}
