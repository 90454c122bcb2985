/** What the primary and the workers of one gateway tell each other, over the channel that node:cluster gives them. */
import type { MetricValues } from '../../lib/runtime/metrics-sum.ts'

export type FromWorker =
  /** It listens. `welcome` is for the person who has started the gateway. */
  | { kind: 'ready'; welcome: string }
  /** One line: it cannot do its work, and ends. */
  | { kind: 'failed'; why: string }
  /** Somebody asks it for metrics: those of all workers, please. */
  | { kind: 'all metrics wanted'; question: number }
  /** The setting log.level is another one now. */
  | { kind: 'log level'; level: string }
  | { kind: 'own metrics'; round: number; metrics: MetricValues }

export type FromPrimary =
  /** A connection to the control socket comes along. */
  | { kind: 'command' }
  | { kind: 'own metrics wanted'; round: number }
  | { kind: 'all metrics'; question: number; text: string }
