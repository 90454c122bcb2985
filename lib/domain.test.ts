import { domainToASCII } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalDomain } from './domain.ts'

test.each([
  ['Example.ORG', 'example.org'],
  ['例子.CN', 'xn--fsqu00a.cn'],
  ['example.org.', 'example.org'],
  ['a_b.org', 'a_b.org'],
  ['localhost', 'localhost'],
])('%s is %s', (text, domain) => {
  expect(canonicalDomain(text)).toBe(domain)
})

test.each([
  '',
  '.',
  'a..b',
  'a-.org',
  '-a.org',
  'a%62c.org',
  'a/b',
  'a?b',
  'a:1',
  '[::1]',
  '127.1',
  '1.2.3',
  '0x7f.1',
  '192.0.2.1',
  'a b',
  `${'a'.repeat(64)}.org`,
  `${'a.'.repeat(127)}org`,
])('%j is none', text => {
  expect(canonicalDomain(text)).toBeNull()
})

test('idempotent', () => {
  const text = fc.oneof(fc.domain(), fc.string({ unit: 'grapheme', maxLength: 12 }))
  fc.assert(
    fc.property(text, text => {
      const domain = canonicalDomain(text)
      if (domain !== null) expect(canonicalDomain(domain)).toBe(domain)
    }),
    { numRuns: 2_000 },
  )
})

test('a plain name is what the URL rules make of it too', () => {
  const label = fc
    .stringMatching(/^[a-z0-9_]([a-z0-9_-]{0,12}[a-z0-9_])?$/)
    .filter(text => !text.startsWith('xn--'))
  const plain = fc.tuple(fc.array(label, { minLength: 1, maxLength: 3 }), fc.stringMatching(/^[a-z]{2,12}$/))
  fc.assert(
    fc.property(plain, ([labels, last]) => {
      const text = [...labels, last].join('.')
      expect(canonicalDomain(text)).toBe(text)
      expect(domainToASCII(text)).toBe(text)
    }),
    { numRuns: 2_000 },
  )
})
