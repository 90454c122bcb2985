/** Adding up the metrics of processes that are one gateway. */
import { AggregatorRegistry, type Registry } from 'prom-client'

/** Every metric of a process with its values. */
export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** Each metric by its own aggregator: counts are added, of some levels the highest counts. */
const aggregate = (parts: MetricValues[]) => AggregatorRegistry.aggregate<Registry['contentType']>(parts)

export const printValues = (parts: MetricValues[]): Promise<string> => aggregate(parts).metrics()

export const addUp = (parts: MetricValues[]): Promise<MetricValues> => aggregate(parts).getMetricsAsJSON()

/** What only ever rises, as opposed to how things stand now. */
export function countsOf(metrics: MetricValues): MetricValues {
  // The declared type is an enumeration of numbers; these are its names.
  return metrics.filter(({ type }) => ['counter', 'histogram'].includes(String(type)))
}
