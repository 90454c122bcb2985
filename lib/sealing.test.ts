import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSealer, SealBroken } from './sealing.ts'

const newKey = () => createSecretKey(randomBytes(32))
const [old, newest] = [newKey(), newKey()]
const before = createSealer([old])
const sealer = createSealer([newest, old])

test('opens what it sealed, and no two seals are alike', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, place) => {
      const sealed = sealer.seal(text, place)
      expect(sealer.open(sealed, place)).toBe(text)
      expect(sealer.seal(text, place)).not.toBe(sealed)
    }),
  )
  expect(sealer.seal('JBSWY3DPEHPK3PXP', 'users/1/totp_secret')).not.toContain('JBSWY3DPEHPK3PXP')
})

test('a secret of the most bytes fits its column', () => {
  expect(sealer.seal('A'.repeat(103), 'users/1/totp_secret').length).toBeLessThan(255)
})

test('another row, another key and a changed byte open nothing', () => {
  const sealed = sealer.seal('secret', 'users/1/totp_secret')
  expect(() => sealer.open(sealed, 'users/2/totp_secret')).toThrow(SealBroken)
  expect(() => createSealer([newKey()]).open(sealed, 'users/1/totp_secret')).toThrow(
    /^users\/1\/totp_secret was sealed with another master secret \(key [0-9a-f]{8}\); list the old one/,
  )
  for (let i = 0; i < sealed.length; i++) {
    const changed = sealed.slice(0, i) + (sealed[i] === 'A' ? 'B' : 'A') + sealed.slice(i + 1)
    // The last character of Base64 may hold bits that count for nothing.
    if (
      Buffer.from(changed.split('.')[3] ?? '', 'base64url').equals(
        Buffer.from(sealed.split('.')[3]!, 'base64url'),
      ) &&
      changed.split('.').slice(0, 3).join() === sealed.split('.').slice(0, 3).join()
    )
      continue
    expect(() => sealer.open(changed, 'users/1/totp_secret'), changed).toThrow(SealBroken)
  }
  expect(() => sealer.open('', 'users/1/totp_secret')).toThrow(SealBroken)
})

test('old keys open, the newest seals', () => {
  const sealed = before.seal('secret', 'here')
  expect(sealer.open(sealed, 'here')).toBe('secret')
  expect([sealer.isNewest(sealed), before.isNewest(sealed)]).toEqual([false, true])
  expect(sealer.isNewest(sealer.seal('secret', 'here'))).toBe(true)
  expect(() => before.open(sealer.seal('secret', 'here'), 'here')).toThrow(SealBroken)
})
