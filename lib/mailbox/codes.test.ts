import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeFor } from '../../infra/e2e/authenticator.ts'
import { codeAt, findStep, newTotpSecret, otpauthUrl } from './codes.ts'
import { stepAt } from './rules.ts'

/** "12345678901234567890" in Base32. */
const rfcSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('RFC 6238, appendix B, SHA-1: at %i s it is …%s', (seconds, code) => {
  expect(codeAt(rfcSecret, stepAt(seconds * 1_000))).toBe(code)
})

test('the codes are those of oathtool, for secrets of every length at any time', () => {
  const moments = fc.integer({ min: 1_500_000_000_000, max: 4_000_000_000_000 })
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 64 }), moments, (bytes, now) => {
      const secret = newTotpSecret(bytes)
      expect(codeAt(secret, stepAt(now))).toBe(codeFor(otpauthUrl(secret, 'MailGateway', 'joe'), now))
    }),
    { numRuns: 40 },
  )
})

describe('findStep', () => {
  const now = 1_800_000_015_000
  const current = stepAt(now)

  test('from the oldest step to the one after now, and none beyond', () => {
    for (const [offset, found] of [
      [-21, null],
      [-20, -20],
      [-1, -1],
      [0, 0],
      [1, 1],
      [2, null],
    ] as const) {
      const step = findStep(rfcSecret, codeAt(rfcSecret, current + offset), now, -20)
      expect(step, `${offset}`).toBe(found === null ? null : current + found)
    }
  })

  test('of two steps with one code the one that may be accepted is found', () => {
    // Some step whose code comes again within 20 steps: about one in five thousand has.
    let step = 0
    const codes: string[] = []
    for (; ; step++) {
      const code = codeAt(rfcSecret, step)
      if (codes.slice(-20, -2).includes(code)) break
      codes.push(code)
    }
    expect(findStep(rfcSecret, codeAt(rfcSecret, step), step * 30_000, -20)).toBe(step)
    expect(findStep(rfcSecret, codeAt(rfcSecret, step), (step - 1) * 30_000, -20)).toBe(step)
  })
})

test('the URL has issuer, account and secret, whatever letters they have', () => {
  const url = new URL(otpauthUrl(rfcSecret, '例子 & Söhne: Mail', '用户@xn--fsqu00a.cn'))
  expect([url.protocol, url.host]).toEqual(['otpauth:', 'totp'])
  expect(decodeURIComponent(url.pathname)).toBe('/例子 & Söhne: Mail:用户@xn--fsqu00a.cn')
  expect(Object.fromEntries(url.searchParams)).toEqual({
    issuer: '例子 & Söhne: Mail',
    secret: rfcSecret,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
})

test('a new secret has the length that was asked for, and is another one each time', () => {
  expect(new Set(Array.from({ length: 100 }, () => newTotpSecret(20))).size).toBe(100)
  for (const bytes of [16, 20, 64]) expect(newTotpSecret(bytes)).toHaveLength(Math.ceil((bytes * 8) / 5))
})
