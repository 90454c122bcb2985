import { compareSync } from 'bcryptjs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refusal } from '../refusal.ts'
import { bcryptCost, nobodysHash, parseNewPassword } from './passwords.ts'

/** 23 letters of three bytes and three of one: 26 characters in 72 bytes. */
const longest = `${'密'.repeat(23)}abc`

test.each([
  'eight ch',
  'ÄÖÜäöüß€',
  '🔑🔑🔑🔑🔑🔑🔑🔑',
  longest,
  'a'.repeat(72),
  ' blank at both ends ',
  'bytes above 0x7f: \u0080\u009f',
])('%j may be set, as it is', password => {
  expect(parseNewPassword(password)).toBe(password)
})

test.each([
  ['', /^password needs at least 8 characters$/],
  ['seven c', /at least 8 characters/],
  ['🔑🔑🔑🔑🔑🔑🔑', /at least 8 characters/],
  // Eight code points until they are composed.
  ['a\u0308o\u0308u\u0308e\u0308', /at least 8 characters/],
  [`${longest}d`, /^password is longer than 72 bytes in UTF-8/],
  ['密'.repeat(25), /longer than 72 bytes/],
  ['a'.repeat(73), /longer than 72 bytes/],
  ['long enough\n', /^password must not contain control characters$/],
  ['long\0enough', /control characters/],
  ['long\tenough', /control characters/],
  ['long\x7fenough', /control characters/],
  ['password', /^password is one of the first that attackers try$/],
  ['PassWord123', /first that attackers try/],
  ['1234567890', /first that attackers try/],
])('%j is refused', (password, message) => {
  expect(() => parseNewPassword(password)).toThrow(
    expect.objectContaining({
      name: 'Refusal',
      code: 'invalid',
      field: 'password',
      message: expect.stringMatching(message),
    }),
  )
})

test('composed and decomposed are the same password', () => {
  expect(parseNewPassword('pa\u0308sswo\u0308rd')).toBe('pässwörd')
})

test('72 bytes are counted after composing', () => {
  const decomposed = 'a\u0308'.repeat(36)
  expect(Buffer.byteLength(decomposed)).toBe(108)
  expect(Buffer.byteLength(parseNewPassword(decomposed))).toBe(72)
})

test('whatever is given: accepted in its limits, or refused without being repeated', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 90 }),
    fc.string({ unit: 'grapheme', minLength: 5, maxLength: 40 }),
  )
  fc.assert(
    fc.property(text, text => {
      try {
        const password = parseNewPassword(text)
        expect(Buffer.byteLength(password)).toBeLessThanOrEqual(72)
        expect(parseNewPassword(password)).toBe(password)
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
        if (text.trim().length > 2) expect((error as Refusal).message).not.toContain(text)
      }
    }),
    { numRuns: 3_000 },
  )
})

test('the common ones are refused without being repeated', () => {
  // Texts that do not happen to be words of the message.
  for (const password of ['Passw0rd', 'qwertyuiop', 'IloveYou', '5201314520']) {
    expect(() => parseNewPassword(password)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(password) }),
    )
  }
})

test('comparing with the hash of nobody costs what a real comparison costs, and never matches', () => {
  expect(nobodysHash).toMatch(new RegExp(`^\\$2b\\$${bcryptCost}\\$[./A-Za-z0-9]{53}$`))
  for (const password of ['', 'password', 'correct horse battery'])
    expect(compareSync(password, nobodysHash)).toBe(false)
})
