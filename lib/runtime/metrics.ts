/** The metrics of a gateway's process, in Prometheus' text format. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import packageJson from '../../package.json' with { type: 'json' }
import type { Metrics } from '../metrics.ts'
import { createEventMetrics } from './metric-events.ts'
import { addLevels, type Levels } from './metric-levels.ts'
import type { MetricValues } from './metrics-sum.ts'

export interface ProcessMetrics extends Metrics {
  /** From now on these are shown too. To be called once. */
  watch(levels: Levels): void
  /** Everything as it stands now, in Prometheus' text format 0.0.4. */
  print(): Promise<string>
  /** The same as values, for whoever adds up several processes. */
  values(): Promise<MetricValues>
}

/** To be called once per process: memory, processor and event loop are watched from now on. */
export function createProcessMetrics(): ProcessMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  // Gauges, which by Prometheus' conventions must not be called totals.
  for (const kind of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${kind}_total`)
  }
  for (const metric of registry.getMetricsAsArray()) {
    // Of several processes the slowest is of interest; the library's mean of means and of percentiles is neither.
    if (/^nodejs_eventloop_lag_(?!min)/.test(metric.name)) metric.aggregator = 'max'
    if (metric.name === 'process_start_time_seconds') metric.aggregator = 'min'
  }
  new Gauge({
    name: 'mailgateway_build_info',
    help: 'Versions of the gateway and of Node; always 1.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
    aggregator: 'first',
  }).set({ version: packageJson.version, node_version: process.versions.node }, 1)

  return {
    ...createEventMetrics(registry),
    watch: levels => addLevels(registry, levels),
    print: () => registry.metrics(),
    values: () => registry.getMetricsAsJSON(),
  }
}
