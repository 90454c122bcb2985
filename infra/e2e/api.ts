/** The API inside the test's own process, asked by administrators of each role. */

import { createHash, randomBytes } from 'node:crypto'
import { operations } from '../../functions/index.ts'
import type { Role } from '../../lib/admin/roles.ts'
import { signAccessToken } from '../../lib/admin/tokens.ts'
import { createApi } from '../../lib/http/api.ts'
import { newId } from '../../lib/id.ts'
import type { Clocks, Services } from '../../lib/runtime/services.ts'
import { openInProcess } from './in-process.ts'

export interface ApiAnswer {
  status: number
  headers: Headers
  /** Of JSON the value, of all else the text. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any
}

export interface Api {
  services: Services
  /** @param route such as `GET /api/users?search=joe` @param as a role, or an access token; absent = nobody */
  ask(route: string, as?: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
  /** An access token of an administrator with that role; the same for the same role. */
  tokenOf(role: Role): Promise<string>
  close(): Promise<void>
}

export async function openApi(settings: Record<string, string> = {}, clocks?: Clocks): Promise<Api> {
  const patient = { MAILGATEWAY_SERVER_RATE_LIMIT: '1000000', ...settings }
  const { services, close } = await openInProcess(patient, clocks)
  const app = createApi(services, operations)
  const tokens = new Map<Role, Promise<string>>()
  const tokenOf = (role: Role) => {
    if (!tokens.has(role)) tokens.set(role, signIn(services, role))
    return tokens.get(role)!
  }
  return {
    services,
    tokenOf,
    async ask(route, as, body, headers = {}) {
      const [method = '', path = ''] = route.split(' ')
      const token = as === 'superadmin' || as === 'operator' || as === 'auditor' ? await tokenOf(as) : as
      const response = await app.request(path, {
        method,
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      const isJson = /[/+]json$/.test(response.headers.get('Content-Type')?.split(';')[0] ?? '')
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
    },
    close,
  }
}

/** Without the sign-in: an administrator with the role's name. @returns its access token */
export async function signIn(services: Services, role: Role): Promise<string> {
  return signAccessToken(services, await addSession(services, role, { username: role })).then(
    ({ token }) => token,
  )
}

interface SessionChanges {
  username?: string
  enabled?: 0 | 1
  must_change_password?: 0 | 1
  /** UTC milliseconds; default: in a day. */
  ends_at?: number
}

/** A new administrator of that role, with a session. @returns what a token names, and a refresh token that nobody has used */
export async function addSession(services: Services, role: Role, changes: SessionChanges = {}) {
  const { username = newId(), enabled = 1, must_change_password = 0, ends_at } = changes
  const now = services.clock()
  const admin = {
    id: newId(),
    username,
    password_hash: '',
    role,
    enabled,
    must_change_password,
    totp_secret: null,
  }
  await services.db
    .insertInto('admin')
    .values({ ...admin, version: 1, created_at: now, updated_at: now })
    .execute()
  const session = { id: newId(), admin_id: admin.id }
  const refresh = randomBytes(32).toString('base64url')
  const times = { created_at: now, used_at: now, ends_at: ends_at ?? now + 86_400_000 }
  await services.db
    .insertInto('sessions')
    .values({ ...session, refresh_digest: digestOf(refresh), ...times })
    .execute()
  return { ...session, refresh }
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('base64url')
