import { expect, test } from 'vitest'
import type { Attempt } from './attempt.ts'
import { describeAttempt } from './audit-row.ts'
import { decline } from './rules.ts'

const attempt: Attempt = {
  id: '01a20546-c2ab-74ac-84d6-e4bb32cb809b',
  receivedAt: 1_000,
  protocol: 'imap',
  method: 'plain',
  user: 'joe',
  password: 'never in a row',
  clientAddress: '192.0.2.1',
  number: 1,
  tls: '',
  fault: null,
}

test('a text that is no name is shown without anything that a terminal or a log reader would obey', () => {
  const user = `evil\r\n\u001b[31m\u202e${'x'.repeat(400)}`
  const row = describeAttempt({ ...attempt, user }, null, decline('bad_name', attempt), 1_005)
  expect(row.user).toMatch(/^evil\\u\{d\}\\u\{a\}\\u\{1b\}\[31m\\u\{202e\}x+$/)
  expect(row.user).toHaveLength(255)
  expect(row).toMatchObject({ result: 'failed', reason: 'bad_name', duration_ms: 5, backend: null })
})

test('a clock that was set back gives no negative duration, and the password stands nowhere', () => {
  const row = describeAttempt(attempt, 'joe', decline('wrong_password', attempt), 900)
  expect(row.duration_ms).toBe(0)
  expect(JSON.stringify(row)).not.toContain(attempt.password)
})
