/** Every operation × everyone who may ask: none is forgotten, because the table is made from the operations. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { operations } from '../../functions/index.ts'
import { mayActAs, type Role, roles } from '../../lib/admin/roles.ts'
import { createApi } from '../../lib/http/api.ts'
import { operationsOf, splitRoute } from '../../lib/http/operation.ts'
import { newId } from '../../lib/id.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { type Api, addSession, openApi } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

type Claims = Record<string, unknown>

/** A token as the gateway signs it, but for what is given. */
async function sign(
  sid: string,
  { claims = {}, typ = 'at+jwt', key = api.services.tokenKey, seconds = 60 }: Partial<Odd> = {},
): Promise<string> {
  const now = Math.floor(api.services.clock() / 1000)
  return new SignJWT({ iss: 'mailgateway', aud: 'mailgateway-api', sub: newId(), sid, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ })
    .setIssuedAt(now - 120)
    .setExpirationTime(now + seconds)
    .sign(key)
}

interface Odd {
  claims: Claims
  typ: string
  key: KeyObject
  seconds: number
}

const session = (changes: Parameters<typeof addSession>[2] = {}) =>
  addSession(api.services, 'superadmin', changes)
const otherKey = createSecretKey(Buffer.alloc(32, 7))

/** Who is nobody, each by another way to be it; made anew for each request. */
const nobodies: Record<string, () => Promise<string | undefined>> = {
  'no token': async () => undefined,
  garbage: async () => 'abc.def.ghi',
  expired: async () => sign((await session()).id, { seconds: -1 }),
  'wrong issuer': async () => sign((await session()).id, { claims: { iss: 'somebody' } }),
  'wrong audience': async () => sign((await session()).id, { claims: { aud: 'mail' } }),
  'wrong type': async () => sign((await session()).id, { typ: 'JWT' }),
  'the refresh token': async () => (await session()).refresh,
  'another key': async () => sign((await session()).id, { key: otherKey }),
  'alg:none': async () =>
    new UnsecuredJWT({ sid: (await session()).id, sub: newId() })
      .setIssuer('mailgateway')
      .setAudience('mailgateway-api')
      .setExpirationTime('1m')
      .encode(),
  'no session of that id': async () => sign(newId()),
  'ended session': async () => sign((await session({ ends_at: api.services.clock() - 1 })).id),
  'disabled account': async () => sign((await session({ enabled: 0 })).id),
  'deleted administrator': async () => {
    const { id, admin_id } = await session()
    await api.services.db.deleteFrom('sessions').where('id', '=', id).execute()
    await api.services.db.deleteFrom('admin').where('id', '=', admin_id).execute()
    return sign(id)
  },
}

/** Names nothing that is there, and sends no body: whoever is let in changes nothing. */
const nowhere = (route: string) => {
  const { method, path } = splitRoute(route)
  return { method, path: path.replaceAll(/\{\w+\}/g, newId()) }
}

async function ask(route: string, token: string | undefined, app = createApi(api.services, operations)) {
  const { method, path } = nowhere(route)
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const response = await app.request(path, { method, headers })
  const isProblem = response.headers.get('Content-Type') === 'application/problem+json'
  const code: string = isProblem ? ((await response.json()) as { code: string }).code : ''
  if (!isProblem) await response.body?.cancel()
  return { status: response.status, code, headers: response.headers }
}

const guards = ['unauthorized', 'forbidden', 'password_change_required']

test.each(operations)('$route', async ({ route, role, beforePasswordChange }) => {
  for (const [who, makeToken] of Object.entries(nobodies)) {
    const { status, code, headers } = await ask(route, await makeToken())
    if (role === 'anyone') expect(guards, `${who}: ${status}`).not.toContain(code)
    else
      expect([who, status, code, headers.get('WWW-Authenticate')]).toEqual([
        who,
        401,
        'unauthorized',
        'Bearer',
      ])
  }
  for (const own of roles) {
    const enter = async (must_change_password: 0 | 1) =>
      ask(route, await sign((await addSession(api.services, own, { must_change_password })).id))
    const [usual, mustChange] = [await enter(0), await enter(1)]
    if (role === 'anyone' || mayActAs(own, role)) {
      expect(guards, `${own}: ${usual.status}`).not.toContain(usual.code)
      if (role === 'anyone' || beforePasswordChange) expect(guards, own).not.toContain(mustChange.code)
      else expect([own, mustChange.status, mustChange.code]).toEqual([own, 403, 'password_change_required'])
    } else {
      for (const { status, code } of [usual, mustChange])
        expect([own, status, code]).toEqual([own, 403, 'forbidden'])
    }
  }
})

test('the API has no route but its operations', () => {
  const { routes } = createApi(api.services, operations)
  const found = routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  expect([...new Set(found)].toSorted()).toEqual(operations.map(({ route }) => route).toSorted())
  expect(new Set(operations.map(({ route }) => route)).size).toBe(operations.length)
})

test('a route without a role does not compile, and lets nobody in', async () => {
  const operation = operationsOf<Services>()
  // @ts-expect-error the role is missing
  const forgotten = operation({
    route: 'GET /api/forgotten',
    summary: 'No role.',
    answer: z.null(),
    handle: () => null,
  })
  const app = createApi(api.services, [forgotten])
  expect(await ask('GET /api/forgotten', undefined, app)).toMatchObject({ status: 401 })
  for (const own of roles satisfies readonly Role[])
    expect(await ask('GET /api/forgotten', await api.tokenOf(own), app)).toMatchObject({ status: 403 })
})
