/** Secrets at rest: readable only with a key that is not kept beside them, and only in the place they were sealed for. */
import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from 'node:crypto'

export interface Sealer {
  /**
   * AES-256-GCM under the newest key: `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url.
   * @param place table, row and column it is for; it cannot be opened for another one
   */
  seal(text: string, place: string): string
  /** @throws SealBroken when no configured key opens it for that place */
  open(sealed: string, place: string): string
  /** Whether it was sealed under the newest key. */
  isNewest(sealed: string): boolean
}

export class SealBroken extends Error {
  override name = 'SealBroken'
}

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** @param keys the newest first; the others only open */
export function createSealer(keys: readonly KeyObject[]): Sealer {
  const byId = new Map(keys.map(key => [idOf(key), key]))
  const newest = keys[0]!
  const newestId = idOf(newest)

  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes)
      const sealing = createCipheriv(cipher, newest, nonce).setAAD(Buffer.from(place))
      const sealed = Buffer.concat([sealing.update(text, 'utf8'), sealing.final(), sealing.getAuthTag()])
      return ['v1', newestId, nonce.toString('base64url'), sealed.toString('base64url')].join('.')
    },

    open(sealed, place) {
      const [version, id = '', nonce = '', body = ''] = sealed.split('.')
      const key = byId.get(id)
      if (version !== 'v1' || !key) {
        throw new SealBroken(
          `${place} was sealed with another master secret (key ${id}); list the old one in MAILGATEWAY_SECRET_KEY, after the new one`,
        )
      }
      const bytes = Buffer.from(body, 'base64url')
      try {
        const opening = createDecipheriv(cipher, key, Buffer.from(nonce, 'base64url'), {
          authTagLength: tagBytes,
        })
          .setAAD(Buffer.from(place))
          .setAuthTag(bytes.subarray(-tagBytes))
        return Buffer.concat([opening.update(bytes.subarray(0, -tagBytes)), opening.final()]).toString('utf8')
      } catch (error) {
        throw new SealBroken(`${place} is damaged, or was copied from another row`, { cause: error })
      }
    },

    isNewest: sealed => sealed.split('.')[1] === newestId,
  }
}

/** Tells keys apart and nothing about them. */
const idOf = (key: KeyObject) => createHmac('sha256', key).update('key id').digest('hex').slice(0, 8)
