/** Signing in, staying signed in, and what an administrator does with the own account. */
import type { Context } from 'hono'
import { z } from 'zod'
import { endOtherSessions, endOwnSession, listOwnSessions, ownSession, signOut } from '../../lib/admin/end.ts'
import {
  passwordChange,
  profileChanges,
  profileSchema,
  setOwnPassword,
  setProfile,
  showProfile,
} from '../../lib/admin/own.ts'
import {
  codeInput,
  confirmOwnTotp,
  disableOwnTotp,
  enrolmentSchema,
  enrolOwnTotp,
  type OwnTotpServices,
  withPassword,
} from '../../lib/admin/own-totp.ts'
import { refreshSession, type Session } from '../../lib/admin/sessions.ts'
import { type SignInServices, signIn, signInInput } from '../../lib/admin/sign-in.ts'
import { signAccessToken } from '../../lib/admin/tokens.ts'
import type { ApiServices } from '../../lib/http/api.ts'
import { operationsOf } from '../../lib/http/operation.ts'
import { HttpProblem } from '../../lib/http/problem.ts'
import { text } from '../../lib/input.ts'
import { recordRefused } from '../../lib/operation/record.ts'
import { readRefreshCookie, refuseForeignOrigin, writeRefreshCookie } from './refresh-cookie.ts'
import { signInFailed } from './texts.ts'

type LoginServices = ApiServices & SignInServices & OwnTotpServices
const operation = operationsOf<LoginServices>()

const tokens = z.strictObject({
  access_token: z.string(),
  expires_at: z.int(),
  profile: profileSchema,
  /** Only where it was asked for, or came, in the body. */
  refresh_token: z.string().optional(),
})

const givenToken = z.strictObject({ refresh_token: text(200).optional() })

const own = { role: 'auditor', beforePasswordChange: true } as const

export const adminLogin = [
  operation({
    route: 'POST /login',
    role: 'anyone',
    summary: 'Signs in. The refresh token comes in a cookie, or in the body with `refresh_in_body`.',
    body: signInInput.extend({ refresh_in_body: z.boolean('must be true or false').optional() }),
    answer: tokens,
    async handle({ services, body, c }) {
      refuseForeignOrigin(c, services.settings.server.cors_origins)
      const { refresh_in_body = false, ...input } = body
      const signedIn = await signIn(services, input, c.req.header('User-Agent') ?? '')
      if (signedIn.session === null)
        throw new HttpProblem(401, 'sign_in_failed', signInFailed(c), { require_totp: signedIn.require_totp })
      return answerTokens(services, c, signedIn, refresh_in_body)
    },
  }),
  operation({
    route: 'POST /refresh',
    role: 'anyone',
    summary: 'Exchanges the refresh token, which works once, for the next one and an access token.',
    body: givenToken,
    answer: tokens,
    async handle({ services, body, c }) {
      refuseForeignOrigin(c, services.settings.server.cors_origins)
      const token = body.refresh_token ?? readRefreshCookie(c) ?? ''
      const refreshed = await refreshSession(services, token)
      if (refreshed.kind === 'renewed')
        return answerTokens(services, c, refreshed, body.refresh_token !== undefined)
      if (refreshed.kind === 'replayed') await noteReplay(services, refreshed.session)
      writeRefreshCookie(c, '')
      throw new HttpProblem(401, 'session_ended', 'the session has ended: sign in again')
    },
  }),
  operation({
    ...own,
    route: 'POST /logout',
    summary: 'Signs out.',
    action: 'sign-out',
    async handle({ services, session, c }) {
      writeRefreshCookie(c, '')
      await signOut(services, session)
    },
  }),
  operation({
    ...own,
    route: 'GET /api/session',
    summary: 'Who is signed in.',
    answer: profileSchema,
    handle: ({ services, session }) => showProfile(services, session),
  }),
  operation({
    ...own,
    route: 'PATCH /api/session',
    summary: 'Changes the own language.',
    action: 'session set',
    body: profileChanges,
    answer: profileSchema,
    handle: ({ services, session, body }) => setProfile(services, session, body),
  }),
  operation({
    ...own,
    route: 'PUT /api/session/password',
    summary: 'Changes the own password; all other sessions end.',
    action: 'session set-password',
    body: passwordChange,
    answer: profileSchema,
    handle: ({ services, session, body }) => setOwnPassword(services, session, body),
  }),
  operation({
    ...own,
    route: 'POST /api/session/totp',
    summary: 'Makes a secret for one-time codes, shown this once; it is in force once it is confirmed.',
    action: 'session totp enable',
    body: withPassword,
    answer: enrolmentSchema,
    status: 201,
    handle: ({ services, session, body }) => enrolOwnTotp(services, session, body),
  }),
  operation({
    ...own,
    route: 'POST /api/session/totp/confirm',
    summary: 'Puts the new secret in force, with a code of it.',
    action: 'session totp confirm',
    body: codeInput,
    answer: profileSchema,
    handle: ({ services, session, body }) => confirmOwnTotp(services, session, body),
  }),
  operation({
    ...own,
    route: 'DELETE /api/session/totp',
    summary: 'No codes any more.',
    action: 'session totp disable',
    body: withPassword,
    async handle({ services, session, body }) {
      await disableOwnTotp(services, session, body)
    },
  }),
  operation({
    ...own,
    route: 'GET /api/session/sessions',
    summary: 'Where the own account is signed in.',
    answer: z.strictObject({ items: z.array(ownSession) }),
    handle: async ({ services, session }) => ({ items: await listOwnSessions(services, session) }),
  }),
  operation({
    ...own,
    route: 'DELETE /api/session/sessions/{id}',
    summary: 'Ends one of the own sessions.',
    action: 'session end',
    path: z.strictObject({ id: z.string().max(36, 'must have at most 36 characters') }),
    async handle({ services, session, path }) {
      await endOwnSession(services, session, path.id)
    },
  }),
  operation({
    ...own,
    route: 'DELETE /api/session/sessions',
    summary: 'Ends all own sessions but this one.',
    action: 'session end',
    answer: z.strictObject({ ended: z.int() }),
    handle: ({ services, session }) => endOtherSessions(services, session),
  }),
]

async function answerTokens(
  services: LoginServices,
  c: Context,
  { session, refresh_token }: { session: Session; refresh_token: string },
  inBody: boolean,
): Promise<z.infer<typeof tokens>> {
  const { token, expires_at } = await signAccessToken(services, session)
  const profile = await showProfile(services, session)
  if (!inBody) writeRefreshCookie(c, refresh_token, services.settings.jwt.refresh_expiration)
  return { access_token: token, expires_at, profile, ...(inBody && { refresh_token }) }
}

function noteReplay(services: LoginServices, session: Session): Promise<void> {
  const message = 'a refresh token came twice: one of two that have it is a thief, so the session was ended'
  const { username } = session
  const named = { ...services, actor: { ...services.actor, name: username } }
  return recordRefused(named, 'refresh', username, { code: 'replayed', message })
}
