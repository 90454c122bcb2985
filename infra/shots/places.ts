/** Backends of every kind, and what happened to them of late. */

import { hourMs, minuteMs } from '../../lib/audit/times.ts'
import { newId } from '../../lib/id.ts'
import type { Protocol } from '../../lib/mailbox/protocols.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { verbs } from '../adapter/verbs.ts'

type Ports = Record<Protocol, number>

/** Nobody listens there: it is down. */
const silent = '127.0.0.2'
const hosts: Record<string, string> = { mail0: '127.0.0.1', mail1: 'localhost', mail2: silent }

export const placeOf = (ports: Ports) => (host: string, protocol: string) =>
  `${hosts[host.split('.')[0]!] ?? 'old.example.com'}:${ports[protocol as Protocol]}`

export async function addPlaces(services: Services, ports: Ports): Promise<void> {
  const add = (protocol: Protocol, host: string, more: object = {}) =>
    verbs['backend add'](services, { protocol, host, port: ports[protocol], ...more })
  for (const protocol of ['imap', 'pop3', 'smtp'] as const) {
    await add(protocol, '127.0.0.1', { weight: 3 })
    await add(protocol, 'localhost')
  }
  const down = await add('imap', silent)
  await add('imap', 'mailbox-server-of-the-branch-office.example.com', { tier: 1 })
  await add('imap', '2001:db8:85a3:8d3:1319:8a2e:370:7348', { pool: 'archive' })
  await add('smtp', '192.0.2.25', { domain: 'branch-office.example.com' })
  const drained = await add('pop3', '127.0.0.3', { state: 'draining' })
  await add('smtp', 'old.example.com', { state: 'off' })
  const now = services.clock()
  const turns = [
    {
      backend_id: down.backend.id,
      address: silent,
      error: 'connection failed: ECONNREFUSED',
      ago: 26 * hourMs,
    },
    { backend_id: down.backend.id, address: silent, error: null, ago: 25 * hourMs },
    { backend_id: down.backend.id, address: silent, error: 'no greeting within 2000 ms', ago: 40 * minuteMs },
    { backend_id: drained.backend.id, address: '127.0.0.3', error: null, ago: 90 * minuteMs },
  ]
  for (const { ago, error, ...turn } of turns)
    await services.db
      .insertInto('backend_events')
      .values({
        ...turn,
        id: newId(),
        time: now - ago,
        up: error === null ? 1 : 0,
        error,
        node: services.node,
      })
      .execute()
}
