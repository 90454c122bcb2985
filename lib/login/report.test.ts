import { expect, test } from 'vitest'
import type { BanRow } from '../database/schema.ts'
import type { Attempt } from './attempt.ts'
import { type Hindrance, reasons } from './reasons.ts'
import type { Facts } from './recall.ts'
import { reportLogin } from './report.ts'
import { decline } from './rules.ts'

const attempt: Attempt = {
  id: '01a20546-c2ab-74ac-84d6-e4bb32cb809b',
  receivedAt: 1_000,
  protocol: null,
  method: 'of an attacker',
  user: 'joe@example.com',
  password: 'correct horse 1',
  clientAddress: '192.0.2.1',
  number: 1,
  tls: 'TLSv1.3',
  fault: null,
}

/** As far as a report reads them. */
function makeFacts(event: BanRow['event_type'] | null): Facts {
  const ban = event && { event_type: event, cidr: attempt.clientAddress }
  return { guard: { standing: { ban } } } as Facts
}

const report = (reason: Hindrance, facts?: Facts, hashed?: boolean) =>
  reportLogin(attempt, decline(reason, attempt), facts, hashed, 5)

test.each<[Hindrance, BanRow['event_type'] | null, string | null, string]>([
  ['locked', null, 'user', 'unused'],
  ['locked_here', null, 'user', 'unused'],
  ['too_many_guesses', null, 'user', 'unused'],
  ['shut_to_strangers', null, 'user_total', 'unused'],
  ['many_networks', null, 'stuffing', 'unused'],
  ['banned_automatically', 'address', 'address', 'unused'],
  ['banned_automatically', 'network', 'network', 'unused'],
  ['banned_automatically', 'spraying', 'spraying', 'unused'],
  ['banned', 'manual', null, 'unused'],
  // An automatic ban that spares a familiar network keeps nobody out.
  ['wrong_password', 'address', null, 'miss'],
])('%s with a ban by %s: kept out by %s, cache %s', (reason, event, heldBackBy, cache) => {
  expect(report(reason, makeFacts(event), cache === 'unused' ? undefined : cache === 'miss')).toMatchObject({
    reason,
    heldBackBy,
    cache,
  })
})

test('the cache: what was known, what was not, and what nobody asked for', () => {
  expect(report('wrong_password', makeFacts(null), false).cache).toBe('hit')
  expect(report('wrong_password', makeFacts(null), true).cache).toBe('miss')
  expect(report('bad_request').cache).toBe('unused')
})

test('no report tells of the client', () => {
  for (const reason of Object.keys(reasons).filter(code => code !== 'ok') as Hindrance[]) {
    const text = JSON.stringify(report(reason, makeFacts('address')))
    const { user, password, clientAddress, method, tls, id } = attempt
    for (const own of [user, password, clientAddress, method, tls, id]) expect(text).not.toContain(own)
  }
})
