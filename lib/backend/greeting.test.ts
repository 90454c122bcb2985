import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { chooseFreePort } from '../../infra/e2e/ports.ts'
import type { Protocol } from '../mailbox/protocols.ts'
import { checkGreeting } from './greeting.ts'
import { type Greeter, startGreeter } from './test-servers.ts'

const greeters: Greeter[] = []
afterEach(async () => {
  for (const greeter of greeters.splice(0)) await greeter.stop()
})

async function check(protocol: Protocol, greeting: string | null, timeoutMs = 2_000) {
  const greeter = await startGreeter(greeting)
  greeters.push(greeter)
  return checkGreeting({ protocol, address: '127.0.0.1', port: greeter.port }, timeoutMs)
}

test.each<[Protocol, string]>([
  ['imap', '* OK [CAPABILITY IMAP4rev1] ready\r\n'],
  ['pop3', '+OK ready <1.2@example>\r\n'],
  ['smtp', '220 mail.example ESMTP\r\n'],
  ['smtp', '220-first line\r\n220 second line\r\n'],
  ['imap', `* OK ${'x'.repeat(3_000)}\r\n`],
])('%s is good: %.40j', async (protocol, greeting) => {
  expect(await check(protocol, greeting)).toMatchObject({ kind: 'good' })
})

test.each<[Protocol, string]>([
  ['imap', '* PREAUTH ready\r\n'],
  ['imap', '* BYE too many connections\r\n'],
  ['imap', '+OK ready\r\n'],
  ['pop3', '-ERR not now\r\n'],
  ['smtp', '554 no\r\n'],
  ['smtp', '421 \x1b[31m\x07\xff\r\n'],
  ['smtp', 'x'.repeat(5_000)],
])('%s fails: %.40j', async (protocol, greeting) => {
  const outcome = await check(protocol, greeting)
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/^unexpected greeting "[ -~]+"$/),
  })
})

test('a silent server fails after the time-out', async () => {
  expect(await check('imap', null, 100)).toEqual({ kind: 'failed', error: 'no greeting within 100 ms' })
})

test('half a line is no greeting', async () => {
  expect(await check('imap', '* OK', 100)).toEqual({ kind: 'failed', error: 'no greeting within 100 ms' })
})

test('hanging up without a word fails', async () => {
  const greeter = await startGreeter(null)
  const outcome = checkGreeting({ protocol: 'imap', address: '127.0.0.1', port: greeter.port }, 2_000)
  while (greeter.connections === 0) await wait(5)
  await greeter.stop()
  expect(await outcome).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/closed without|ECONNRESET/),
  })
})

test('nobody listens: refused', async () => {
  const port = await chooseFreePort()
  expect(await checkGreeting({ protocol: 'imap', address: '127.0.0.1', port }, 2_000)).toEqual({
    kind: 'refused',
    error: 'connection failed: ECONNREFUSED',
  })
})

test('it takes leave', async () => {
  const greeter = await startGreeter('* OK\r\n')
  greeters.push(greeter)
  await checkGreeting({ protocol: 'imap', address: '127.0.0.1', port: greeter.port }, 2_000)
  await expect.poll(() => greeter.heard).toBe('a LOGOUT\r\n')
})

test('the signal cuts it short', async () => {
  const abort = new AbortController()
  const greeter = await startGreeter(null)
  greeters.push(greeter)
  const outcome = checkGreeting(
    { protocol: 'imap', address: '127.0.0.1', port: greeter.port },
    60_000,
    abort.signal,
  )
  abort.abort()
  expect(await outcome).toMatchObject({ kind: 'failed' })
})
