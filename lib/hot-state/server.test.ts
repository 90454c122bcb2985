import { expect, test } from 'vitest'
import { readInfo, refusePolicy, refuseServer } from './server.ts'

const info = (facts: Record<string, string>) =>
  Object.entries({
    redis_version: '7.0.15',
    redis_mode: 'standalone',
    role: 'master',
    loading: '0',
    maxmemory: '0',
    maxmemory_policy: 'noeviction',
    ...facts,
  })
    .map(fact => fact.join(':'))
    .join('\r\n')

test.each([
  ['6.0.16', 'Redis 6.0.16 is too old; install 6.2 or newer'],
  ['5.0.14', 'Redis 5.0.14 is too old; install 6.2 or newer'],
  ['6.2.0', null],
  ['10.0.0', null],
])('version %s', (redis_version, refusal) => {
  expect(refuseServer(readInfo(info({ redis_version })))).toBe(refusal)
})

test('one that is still loading is waited for', () => {
  expect(refuseServer(readInfo(info({ loading: '1' })))).toBe('it is still loading its data; wait')
})

test.each([
  ['volatile-lru', '1000', true],
  ['allkeys-random', '1000', true],
  ['noeviction', '1000', false],
  ['volatile-lru', '0', false],
])('policy %s with maxmemory %s', (maxmemory_policy, maxmemory, refused) => {
  const refusal = refusePolicy(readInfo(info({ maxmemory_policy, maxmemory })))
  if (refused) expect(refusal).toContain(maxmemory_policy)
  else expect(refusal).toBeNull()
})
