/** The relay's way to a function: real TLS, a real name server, and a function that is only as good as its answers. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createResolver } from '../../lib/backend/resolve.ts'
import { type NameServer, startNameServer } from '../../lib/backend/test-servers.ts'
import { writeForRelay } from '../../lib/edge/answer.ts'
import { newId } from '../../lib/id.ts'
import { type Authority, makeAuthority } from '../e2e/certificate.ts'
import { chooseFreePort } from '../e2e/ports.ts'
import { type CallResult, type Cloud, createCloud } from './cloud.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-cloud-'))
const name = 'function.test'
const known = getCACertificates('default')
let authority: Authority
let names: NameServer
let port: number

beforeAll(async () => {
  authority = makeAuthority(folder)
  setDefaultCACertificates([readFileSync(authority.file, 'utf8')])
  names = await startNameServer(`127.0.0.1 ${name}`)
  port = await chooseFreePort()
})
afterAll(async () => {
  setDefaultCACertificates(known)
  await names.kill()
  rmSync(folder, { recursive: true })
})

type Behaviour = (id: string, response: ServerResponse) => void

const good: Behaviour = (id, response) =>
  response.writeHead(200, writeForRelay({ 'Auth-Status': 'OK' }, id, null)).end('{}')
/** Nothing comes. */
const silent: Behaviour = () => {}
const page =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_, response) =>
    response.writeHead(status, headers).end('<html>')

const closing: (() => Promise<void>)[] = []
let results: CallResult[]
let cloud: Cloud
/** For each request the next one; the last stays. */
let behaviours: Behaviour[]

beforeEach(() => {
  results = []
  behaviours = [good]
  cloud = createCloud({
    url: new URL(`https://${name}:${port}`),
    secret: newId(),
    resolver: createResolver({ settings: { dns_servers: [names.server] }, clock: Date.now }),
    clock: Date.now,
    onCall: result => results.push(result),
    deadlines: { allMs: 4_000, firstMs: 1_500, lifeMs: 400 },
  })
})
afterEach(async () => {
  cloud.close()
  for (const close of closing.splice(0)) await close()
})

/** Ids of the requests, and how many connections they came by. */
async function serve(host = '127.0.0.1') {
  const files = authority.issue(name)
  const seen = { ids: [] as string[], connections: 0 }
  const cert = { cert: readFileSync(files.certificate), key: readFileSync(files.key) }
  const server = createServer(cert, (request, response) => {
    const id = String(request.headers['x-edge-id'])
    seen.ids.push(id)
    const [behave = good] = behaviours
    if (behaviours.length > 1) behaviours.shift()
    behave(id, response)
  })
  server.on('secureConnection', () => {
    seen.connections += 1
  })
  server.listen(port, host)
  await once(server, 'listening')
  closing.push(async () => {
    server.close()
    server.closeAllConnections()
  })
  return seen
}

const askOnce = async (id = newId()) => (await cloud.ask([['auth-method', 'plain']], id)).answer
const ok = { 'Auth-Status': 'OK' }

test('a connection is used again, until it is too old', async () => {
  const seen = await serve()
  for (let n = 0; n < 3; n++) expect(await askOnce()).toEqual(ok)
  expect(seen.connections).toBeLessThanOrEqual(2)
  const before = seen.connections
  await sleep(600)
  expect(await askOnce()).toEqual(ok)
  expect(seen.connections).toBe(before + 1)
})

test('when a name moves, the next connection goes to where it is now, though the old place still answers', async () => {
  const [here, there] = [await serve(), await serve('127.0.0.2')]
  expect(await askOnce()).toEqual(ok)
  await names.serve(`127.0.0.2 ${name}`)
  await sleep(1_500)
  expect(await askOnce()).toEqual(ok)
  expect([here.ids.length, there.ids.length]).toEqual([1, 1])
  await names.serve(`127.0.0.1 ${name}`)
  await sleep(1_500)
})

test.each<[string, Behaviour]>([
  ['silent', silent],
  ['cut off', (_, response) => response.destroy()],
  ['a page of the platform', page(502)],
])(
  'an answer that does not come (%s) is asked for again, under the same id and over another connection',
  async (_, first) => {
    const seen = await serve()
    behaviours = [good, first, good]
    await askOnce()
    const id = newId()
    expect(await askOnce(id)).toEqual(ok)
    expect(seen.ids.slice(1)).toEqual([id, id])
    expect(seen.connections).toBeGreaterThanOrEqual(2)
    expect(results.slice(1)).toEqual([expect.stringMatching(/slow|unreachable|broken/), 'answered'])
  },
)

test.each<[string, Behaviour, CallResult]>([
  ['it does not take our proof', page(200, { 'Auth-Status': 'Temporary failure' }), 'refused'],
  ['an answer to another request', (_, response) => good(newId(), response), 'refused'],
  ['too many calls', page(429), 'broken'],
  ['a page of somebody', page(403), 'broken'],
])('nothing is asked twice where that would not help: %s', async (_, behave, result) => {
  const seen = await serve()
  behaviours = [behave]
  await expect(askOnce()).rejects.toMatchObject({ result })
  expect(seen.ids).toHaveLength(1)
})

test('there is an end when nothing ever comes, and when nobody is there', async () => {
  await expect(askOnce()).rejects.toMatchObject({ result: 'unreachable' })
  await serve()
  behaviours = [silent]
  await expect(askOnce()).rejects.toMatchObject({ result: 'slow' })
  expect(results).toEqual(['unreachable', 'unreachable', 'slow', 'slow'])
})

test('a certificate of nobody’s, or for another name, is no function', async () => {
  const before = authority
  const others = mkdtempSync(join(folder, 'others-'))
  authority = makeAuthority(others)
  await serve()
  await expect(askOnce()).rejects.toMatchObject({
    result: 'unreachable',
    message: expect.stringMatching(/certificate/),
  })
  authority = before
})

test('the last good address serves while no name server answers', async () => {
  await serve()
  expect(await askOnce()).toEqual(ok)
  await names.kill()
  await sleep(1_500)
  expect(await askOnce()).toEqual(ok)
})
