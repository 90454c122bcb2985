/** Secrets that nginx, monitoring and browsers send along. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares digests, which have one length, in constant time. */
export function isSharedSecret(secret: string, sent: string): boolean {
  return timingSafeEqual(digest(sent), digest(secret))
}

/** Whether it is one of these, in a time that does not tell which; none = it is not. */
export function isOneSharedSecret(secrets: readonly string[], sent: string): boolean {
  return secrets.map(secret => isSharedSecret(secret, sent)).includes(true)
}

const digest = (text: string) => createHash('sha256').update(text).digest()
