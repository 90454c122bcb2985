/** Telling operators of guessing. */
import type { Logger } from 'pino'
import type { Alert, Metrics } from '../metrics.ts'

export interface AlertServices {
  log: Logger
  metrics?: Metrics
}

/** A line in the log, and a count that monitoring can alert on. */
export function raiseAlert(
  { log, metrics }: AlertServices,
  alert: Alert,
  facts: Record<string, unknown>,
  text: string,
): void {
  log.warn({ alert, ...facts }, text)
  metrics?.alertRaised(alert)
}
