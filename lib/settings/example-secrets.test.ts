import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isExampleSecret } from './example-secrets.ts'

test.each([
  'change-me',
  'ChangeMe',
  'CHANGE_ME_IN_PRODUCTION',
  'your-secret-key',
  'your_jwt_secret',
  'your-secret-key-change-in-production',
  'your-256-bit-secret-please-change',
  'this-is-a-secret',
  'thisisasecret',
  'my super secret key!',
  'secret',
  'password',
  'Password123!',
  'P@ssw0rd',
  'example',
  'admin',
  'admin123',
  'admin2024',
  '123456',
  '12345678901234567890123456789012',
  '0123456789abcdef0123456789abcdef',
  'test',
  'testtest',
  'xxx',
  '********',
  '<your key>',
  '<64 hex digits>',
  ['$', '{JWT_SECRET}'].join(''),
  'placeholder',
  'default',
  'replace-with-a-random-string-of-at-least-32-characters',
  'change-me-change-me-change-me-1234',
])('%j is an example', text => {
  expect(isExampleSecret(text)).toBe(true)
})

test.each([
  '',
  'correct horse battery staple',
  'admin-Kx72',
  'testament of 1836',
  'secret-84736251940',
  'hunter2',
  '48213957',
])('%j is a value of its own', text => {
  expect(isExampleSecret(text)).toBe(false)
})

test('a random key is never taken for an example', () => {
  for (let round = 0; round < 2000; round++) {
    const bytes = randomBytes(24)
    expect([bytes.toString('hex'), bytes.toString('base64url')].filter(isExampleSecret)).toEqual([])
  }
})

test('adding letters that mean nothing makes an example a value of its own', () => {
  const noise = fc.stringMatching(/^[bqvz]{6,12}$/).filter(text => new Set(text).size > 1)
  fc.assert(fc.property(noise, text => !isExampleSecret(`change-me-${text}`)))
})
