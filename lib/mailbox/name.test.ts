import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalName, domainOf } from './name.ts'

test.each([
  ['JOE@Example.com', 'joe@example.com'],
  ['joe', 'joe@default.example'],
  ['用户@例子.cn', '用户@xn--fsqu00a.cn'],
  ['用户@xn--fsqu00a.cn', '用户@xn--fsqu00a.cn'],
  ['jo\u0308e@x.org', 'jöe@x.org'],
  ['JÖE@x.org', 'jöe@x.org'],
  ['joe smith@x.org', 'joe smith@x.org'],
  ['a"b\\c%d+e@x.org', 'a"b\\c%d+e@x.org'],
  ['a@b@x.org', 'a@b@x.org'],
  [`${'n'.repeat(64)}@x.org`, `${'n'.repeat(64)}@x.org`],
])('%j is %j', (text, name) => {
  expect(canonicalName(text, 'default.example')).toBe(name)
})

test.each([
  '',
  'joe ',
  ' joe',
  'joe @x.org',
  'joe@x.org ',
  'joe@ x.org',
  '@x.org',
  'joe@',
  'joe@x..org',
  'joe@x.org/',
  'joe@x%2eorg',
  'joe@[::1]',
  'joe@x:1',
  'j\u200boe@x.org',
  'joe\u202e@x.org',
  'joe\r\n@x.org',
  'joe\0',
  'joe\x7f',
  `${'n'.repeat(250)}@x.org`,
])('%j is no name', text => {
  expect(canonicalName(text, '')).toBeNull()
})

test('jöe is not joe', () => {
  expect(canonicalName('jöe@x.org', '')).not.toBe(canonicalName('joe@x.org', ''))
})

test('the canonical name of a canonical name is itself, whatever the text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.string({ unit: 'grapheme' }), fc.domain()).map(([local, domain]) => `${local}@${domain}`),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
  )
  fc.assert(
    fc.property(text, text => {
      const name = canonicalName(text, '')
      if (name !== null)
        expect(canonicalName(name, 'other.example')).toBe(name.includes('@') ? name : `${name}@other.example`)
    }),
    { numRuns: 5_000 },
  )
})

test('the domain of a name', () => {
  expect(domainOf('a@b@x.org')).toBe('x.org')
  expect(domainOf('a')).toBe('')
})
