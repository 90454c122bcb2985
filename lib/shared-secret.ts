/** Secrets that nginx, monitoring and browsers send along. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares digests, which have one length, in constant time. */
export function isSharedSecret(secret: string, sent: string): boolean {
  return timingSafeEqual(digest(sent), digest(secret))
}

const digest = (text: string) => createHash('sha256').update(text).digest()
