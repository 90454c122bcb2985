/** What administrators send, from whatever address, to a gateway in the test's own process. */
import { operations } from '../../functions/index.ts'
import { addAdmin } from '../../lib/admin/manage.ts'
import { adminCost } from '../../lib/admin/passwords.ts'
import type { Role } from '../../lib/admin/roles.ts'
import { createApi } from '../../lib/http/api.ts'
import { newId } from '../../lib/id.ts'
import type { Passwords } from '../../lib/mailbox/passwords.ts'
import type { Services } from '../../lib/runtime/services.ts'
import type { ApiAnswer } from './api.ts'

export interface Sent {
  body?: unknown
  /** An access token. */
  token?: string
  from?: string
  headers?: Record<string, string>
}

export interface Console {
  services: Services
  send(route: string, sent?: Sent): Promise<ApiAnswer>
  /** Signs in, with the refresh token in the body. */
  signIn(username: string, password: string, sent?: Sent & { code?: string }): Promise<ApiAnswer>
  /** A new administrator who has chosen a password. @returns the name */
  newAdmin(role?: Role): Promise<string>
  /** Comparisons that went to the hash pool. */
  compared(): number
}

/** Of everyone that `newAdmin` makes. */
export const adminPassword = 'a long password of mine'

/** What bcrypt makes has tests of its own; here its time and its number matter. */
const prefix = `$2b$${adminCost}$`
const plainly = (text: string, cost = adminCost) => `$2b$${cost}$plain ${text}`

export function openConsole(given: Services, passwords?: Partial<Passwords>): Console {
  let count = 0
  const services: Services = {
    ...given,
    passwords: {
      hash: async (text, cost) => plainly(text, cost),
      async verify(text, hash) {
        if (hash.startsWith(prefix)) count++
        return hash === plainly(text)
      },
      hashInTurn: async text => plainly(text),
      ...passwords,
    },
  }
  const app = createApi(services, operations)
  const send = async (route: string, { body, token, from = '192.0.2.7', headers = {} }: Sent = {}) => {
    const [method = '', path = ''] = route.split(' ')
    const init = {
      method,
      headers: {
        Host: 'localhost',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }
    const response = await app.request(path, init, { incoming: { socket: { remoteAddress: from } } })
    const text = await response.text()
    const isJson = /json$/.test(response.headers.get('Content-Type')?.split(';')[0] ?? '')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
  return {
    services,
    send,
    signIn: (username, password, { code, ...sent } = {}) =>
      send('POST /login', {
        ...sent,
        body: { username, password, refresh_in_body: true, ...(code !== undefined && { totp_code: code }) },
      }),
    async newAdmin(role = 'superadmin') {
      const username = `a${newId().slice(-12)}`
      await addAdmin(services, { username, role })
      const password_hash = await services.passwords.hash(adminPassword, adminCost)
      await services.db
        .updateTable('admin')
        .set({ password_hash, must_change_password: 0 })
        .where('username', '=', username)
        .execute()
      return username
    },
    compared: () => count,
  }
}
