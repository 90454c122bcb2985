/** Access tokens: JWTs (RFC 9068) that name a session. What its administrator may do is read anew at every request. */
import type { KeyObject } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

export interface TokenServices {
  tokenKey: KeyObject
  clock: () => number
  settings: { jwt: { expiration: number } }
}

export interface AccessToken {
  token: string
  /** UTC milliseconds. */
  expires_at: number
}

const algorithm = 'HS256'
const issuer = 'mailgateway'
const audience = 'mailgateway-api'
const typ = 'at+jwt'

const claims = z.object({ sid: z.uuid() })

export async function signAccessToken(
  { tokenKey, clock, settings }: TokenServices,
  { id, admin_id }: { id: string; admin_id: string },
): Promise<AccessToken> {
  const now = Math.floor(clock() / 1000)
  const end = now + Math.floor(settings.jwt.expiration / 1000)
  const token = await new SignJWT({ sid: id })
    .setProtectedHeader({ alg: algorithm, typ })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(admin_id)
    .setIssuedAt(now)
    .setExpirationTime(end)
    .sign(tokenKey)
  return { token, expires_at: end * 1000 }
}

/** @returns the id of the session, or null for any token that is not a good one of now */
export async function readAccessToken(
  { tokenKey, clock }: Pick<TokenServices, 'tokenKey' | 'clock'>,
  token: string,
): Promise<string | null> {
  try {
    const { payload } = await jwtVerify(token, tokenKey, {
      algorithms: [algorithm],
      issuer,
      audience,
      typ,
      requiredClaims: ['exp', 'sub', 'sid'],
      currentDate: new Date(clock()),
    })
    return claims.safeParse(payload).data?.sid ?? null
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}
