/** Where mailboxes go when backends come, stop and come back, seen from nginx's side of a running gateway.
 * That shares follow weights closely is shown with more users in lib/backend/directory.test.ts. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashSync } from 'bcryptjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { ask, nginxLines } from './ask.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { openInProcess } from './in-process.ts'
import { chooseFreePort } from './ports.ts'

const password = 'correct horse 1'
const users = Array.from({ length: 200 }, (_, i) => `user${i}@example.com`)
const folder = mkdtempSync(join(tmpdir(), 'mailgateway-routing-'))
let gateway: Gateway
const ports: number[] = []
const servers = new Map<number, Server>()

async function startBackend(port: number): Promise<void> {
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.resume().end('* OK ready\r\n')
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  servers.set(port, server)
}

async function stopBackend(port: number): Promise<void> {
  const server = servers.get(port)!
  server.close()
  await once(server, 'close')
}

/** Which port each user is sent to; 0 = a temporary failure. */
async function route(): Promise<number[]> {
  const routes: number[] = []
  for (let i = 0; i < users.length; i += 50) {
    const answers = await Promise.all(
      users.slice(i, i + 50).map(user => ask(gateway.ports.nginx, nginxLines({ user, password }))),
    )
    routes.push(...answers.map(({ headers }) => Number(headers['auth-port'] ?? 0)))
  }
  return routes
}

const share = (routes: number[], port: number) =>
  routes.filter(chosen => chosen === port).length / routes.length

/** Asks until the health checks have seen a change. */
async function routeWhen(isSeen: (routes: number[]) => boolean): Promise<number[]> {
  for (let i = 0; i < 40; i++) {
    const routes = await route()
    if (isSeen(routes)) return routes
    await sleep(250)
  }
  throw new Error('the change was not seen in 10 s or more')
}

beforeAll(async () => {
  const seed = await openInProcess({ MAILGATEWAY_DATA_DIR: folder })
  // Routing is the subject here: a cheap hash lets all users in quickly.
  const hash = hashSync(password, 4)
  for (const name of users) {
    await addMailbox({ ...seed.services, passwords: { hash: async () => hash } }, { name, password })
  }
  await seed.close()
  gateway = await startGateway(folder, { settings: { MAILGATEWAY_BACKEND_CHECK_INTERVAL: '1s' } })
  for (let i = 0; i < 3; i++) ports.push(await chooseFreePort())
  for (const port of ports) await startBackend(port)
})
afterAll(async () => {
  await gateway?.stop()
  for (const server of servers.values()) server.close()
  rmSync(folder, { recursive: true })
})

const add = (port: number, weight = 1, tier = 0) =>
  gateway.do('backend add', { protocol: 'imap', host: '127.0.0.1', port, weight, tier })

test('shares follow the weights; a stopped backend moves only its own users, and gets them back', async () => {
  const [first, second] = ports as [number, number, number]
  await add(first)
  await add(second)
  const before = await route()
  // Hashing spreads by chance: one standard deviation is 3.5 % of 200 users.
  expect(Math.abs(share(before, first) - 0.5)).toBeLessThan(0.2)
  expect(share(before, first) + share(before, second)).toBe(1)
  expect(await route()).toEqual(before)

  await stopBackend(second)
  const during = await routeWhen(routes => share(routes, second) === 0)
  expect(share(during, first)).toBe(1)

  await startBackend(second)
  // Seen in the middle of a round, the change would show for a part of the users only.
  await routeWhen(routes => share(routes, second) > 0)
  expect(await route()).toEqual(before)
})

test('a third backend takes its share from both; changed weights and draining are seen at the next login', async () => {
  const [first, second, third] = ports as [number, number, number]
  const before = await route()
  await add(third, 2)
  const after = await route()
  expect(Math.abs(share(after, third) - 0.5)).toBeLessThan(0.2)
  expect(after.every((port, i) => port === before[i] || port === third)).toBe(true)

  const backend = `127.0.0.1:${third}`
  await gateway.do('backend drain', { backend })
  expect(await route()).toEqual(before)
  await gateway.do('backend set', { backend, changes: { state: 'active', tier: 1 } })
  expect(await route()).toEqual(before)

  await stopBackend(first)
  await stopBackend(second)
  const backup = await routeWhen(routes => share(routes, third) === 1)
  expect(share(backup, third)).toBe(1)
  await stopBackend(third)
  await routeWhen(routes => share(routes, 0) === 1)
})
