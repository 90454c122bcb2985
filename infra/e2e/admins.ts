/** Administrators at the API of a running gateway, and more of them, who have chosen their passwords. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Role } from '../../lib/admin/roles.ts'
import type { Gateway } from './gateway.ts'
import { rememberSecret } from './leaks.ts'

export interface Admin {
  name: string
  password: string
}

/** @param route such as `POST /api/users` @returns what is answered; throws when that is a refusal */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export type Send = (route: string, body?: object) => Promise<any>

/** Until the gateway has made the first administrator, which takes longer than getting ready for logins. */
export async function untilWelcomed({ output }: Gateway): Promise<void> {
  while (!output().includes('MailGateway is up.')) await sleep(20)
}

export async function signInAt(gateway: Gateway, { name, password }: Admin): Promise<Send> {
  await untilWelcomed(gateway)
  let token = ''
  const send: Send = async (route, body) => {
    const [method = '', path = ''] = route.split(' ')
    const response = await fetch(`http://127.0.0.1:${gateway.ports.admin}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${route}: ${response.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
  rememberSecret(password)
  token = (await send('POST /login', { username: name, password })).access_token
  return send
}

/** @param send of a superadmin @returns that of the new one */
export async function makeAdmin(gateway: Gateway, send: Send, role: Role, admin: Admin): Promise<Send> {
  const { name, password } = admin
  const { one_time_password } = await send('POST /api/admins', { username: name, role })
  const sendFirst = await signInAt(gateway, { name, password: one_time_password })
  const chosen = { old_password: one_time_password, new_password: password }
  await sendFirst('PUT /api/session/password', chosen)
  rememberSecret(password)
  return sendFirst
}
