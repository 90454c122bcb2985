/** Gauges that are read only when somebody looks. All of them come from memory: no part that is away holds up a look. */
import { Gauge, type Registry } from 'prom-client'
import type { AuditTrail } from '../audit/append.ts'
import type { Directory } from '../backend/directory.ts'
import type { BanList } from '../ban/list.ts'
import type { HashPool } from './hash-pool.ts'
import type { Services } from './services.ts'

export interface Levels {
  passwords: Pick<HashPool, 'waiting'>
  audit: Pick<AuditTrail, 'waiting' | 'spooled'>
  databaseAway: Services['databaseAway']
  bans: Pick<BanList, 'countInForce'>
  backends: Pick<Directory, 'states'>
}

export function addLevels(
  registry: Registry,
  { passwords, audit, databaseAway, bans, backends }: Levels,
): void {
  const registers = [registry]

  const show = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })

  show('mailgateway_hash_queue_length', 'Password hashes that wait for a thread.', passwords.waiting)
  show('mailgateway_audit_queue_length', 'Attempts that wait for an insert to begin.', audit.waiting)
  new Gauge({
    name: 'mailgateway_database_up',
    help: 'Whether the server of the database can be reached.',
    registers,
    // It is enough that one process cannot reach it.
    aggregator: 'min',
    collect() {
      this.set(databaseAway() === null ? 1 : 0)
    },
  })
  show(
    'mailgateway_spool_rows',
    'Rows of the auth log that wait on the disk for the database.',
    () => audit.spooled()?.rows ?? 0,
  )
  show('mailgateway_spool_bytes', 'What they take there.', () => audit.spooled()?.bytes ?? 0)
  show(
    'mailgateway_spool_limit_bytes',
    'log.spool_max; 0 with the embedded database, which has no spool.',
    () => audit.spooled()?.mostBytes ?? 0,
  )
  new Gauge({
    name: 'mailgateway_bans_in_force',
    help: 'Bans in force by what led to them, as of the latest login.',
    labelNames: ['event'],
    registers,
    // Every process knows all of them, one perhaps sooner.
    aggregator: 'max',
    collect() {
      for (const [event, count] of Object.entries(bans.countInForce())) this.set({ event }, count)
    },
  })
  new Gauge({
    name: 'mailgateway_backend_up',
    help: 'Whether an address of the backend answers its checks.',
    labelNames: ['protocol', 'backend', 'state'],
    registers,
    aggregator: 'max',
    collect() {
      // One that was removed must not stay.
      this.reset()
      for (const { protocol, host, port, state, health } of backends.states()) {
        if (state === 'off') continue
        this.set({ protocol, backend: `${host}:${port}`, state }, health.some(({ up }) => up) ? 1 : 0)
      }
    },
  })
}
