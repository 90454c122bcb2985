import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  duration,
  formatDuration,
  headerSecret,
  isRejected,
  oneOf,
  parseDuration,
  port,
  secret,
  size,
  type ValueType,
} from './values.ts'

function refusal<T>(type: ValueType<T>, text: string): string | undefined {
  const value = type.read(text)
  return isRejected(value) ? value.rejected : undefined
}

test.each([
  ['60s', 60_000],
  ['1h30m', 5_400_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['1.1s', 1100],
  ['7d', 604_800_000],
  ['300', 300_000],
  [' 24h ', 86_400_000],
  ['0', 0],
])('the duration %j is %d milliseconds', (text, expected) => {
  expect(parseDuration(text)).toBe(expected)
})

test.each(['', 'soon', '-5s', '5 s', '1.5', 's', '60S', '1h30', '5min', '1e3'])('%j is no duration', text => {
  expect(parseDuration(text)).toBeUndefined()
})

test('a printed duration reads back as the same number', () => {
  expect([60_000, 5_400_500, 0].map(formatDuration)).toEqual(['1m', '1h30m500ms', '0s'])
  fc.assert(fc.property(fc.nat(), value => parseDuration(formatDuration(value)) === value))
})

test('limits belong to their range', () => {
  const type = duration('1s', '1h')
  expect(['1s', '1h'].map(text => type.read(text))).toEqual([1000, 3_600_000])
  const message = 'is out of range; write a duration from 1s to 1h'
  expect([refusal(type, '999ms'), refusal(type, '3601')]).toEqual([message, message])
})

test('a size is a whole number with its unit, and prints back in the largest that fits', () => {
  const type = size('1KB', '10GB')
  expect(['64kb', ' 50MB ', '1GB', '1024KB'].map(text => type.read(text))).toEqual([
    65_536, 52_428_800, 1_073_741_824, 1_048_576,
  ])
  expect([65_536, 1_048_576, 1_073_741_824].map(value => type.print(value))).toEqual(['64KB', '1MB', '1GB'])
  for (const text of ['', '50', '0KB', '11GB', '1.5MB', '50 MB', '-1MB', '5TB'])
    expect(refusal(type, text)).toBe('is not allowed; write a size from 1KB to 10GB')
})

test.each(['0', '65536', '80.5', '0x50', '', '-1', '1e3', '99999999999999999999'])('%j is no port', text => {
  expect(refusal(port, text)).toBe('is not allowed; write a whole number from 1 to 65535')
})

test('words are read in any letter case, others are answered with the list', () => {
  const mode = oneOf('release', 'debug', 'test')
  expect(mode.read(' Debug ')).toBe('debug')
  expect(refusal(mode, 'production')).toBe('is not allowed; write release, debug or test')
})

test('a secret keeps its blanks, and may be empty', () => {
  expect(secret(4).read(' qx7 ')).toBe(' qx7 ')
  expect(secret(16).read('')).toBe('')
  expect(refusal(secret(16), 'f9K2m')).toBe('is too short; write at least 16 characters')
  expect(refusal(secret(4), 'f9K2m\n')).toBe('is not allowed; a secret has no control characters')
})

test('a header secret has nothing that a header cannot carry', () => {
  const message = 'is not allowed; write 16 to 256 printable ASCII characters without blanks'
  expect(headerSecret.read('~~~~~~~~k3J9x0Qw')).toBe('~~~~~~~~k3J9x0Qw')
  for (const text of ['k3J9x0Qw k3J9x0Qw', 'k3J9x0Qwk3J9x0Qä', 'k3J9x0Qw'.repeat(33)]) {
    expect(refusal(headerSecret, text)).toBe(message)
  }
})
