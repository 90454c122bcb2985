/** Several processes on one MariaDB and Redis are one gateway: what happens at one holds at the next request of another. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask, nginxLines } from './ask.ts'
import { codeFor } from './authenticator.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { answers } from './guarded.ts'
import { scrape } from './scrape.ts'
import { openShared } from './shared.ts'

vi.setConfig({ testTimeout: 60_000 })

const password = 'correct horse battery'

describe.each([
  { what: 'two gateways', count: 2, workers: '1' },
  { what: 'two workers of one gateway', count: 1, workers: '2' },
])('$what', ({ count, workers }) => {
  let folder: string
  let greeters: Greeters
  const gateways: Gateway[] = []
  let serial = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mg-together-'))
    greeters = await startGreeters()
    const { settings } = await openShared()
    for (let i = 0; i < count; i++) {
      const own = { ...settings, MAILGATEWAY_SERVER_WORKERS: workers }
      gateways.push(await startGateway(join(folder, `${i}`), { settings: own }))
    }
    await gateways[0]!.addBackends({ imap: greeters.ports.imap })
  })
  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop()
    greeters.close()
    rmSync(folder, { recursive: true })
  })

  const run: Gateway['do'] = (verb, input) => gateways[0]!.do(verb, input)
  /** Of all processes in turn. */
  const statusAt = async (i: number, user: string, from: string, text = password) => {
    const { ports } = gateways[i % gateways.length]!
    const lines = nginxLines({ user, password: text }, { 'Client-IP': from })
    return (await ask(ports.nginx, lines)).headers['auth-status']!
  }
  /** What every process says, also where several share one port: 8 connections reach both. */
  const statuses = async (user: string, from: string, text = password) => {
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => statusAt(i, user, from, text)))
    return [...new Set(all)]
  }
  const newPlace = () => `198.51.${serial++}.7`
  const newUser = async (totp = false) => {
    const name = `user${serial++}@example.org`
    const added = await run('user add', { name, password, totp })
    return { name, otpauth: 'otpauth' in added ? added.otpauth : '' }
  }

  test('a lock, and its end by a command', async () => {
    const { name } = await newUser()
    const from = newPlace()
    for (let i = 0; i < 5; i++) expect(await statusAt(i, name, from, `wrong ${i}`)).toBe(answers.wrong)
    expect(await statuses(name, from)).toEqual([answers.later])
    await run('user unlock', { name })
    expect(await statuses(name, from)).toEqual([answers.ok])
  })

  test('a ban, its removal, an exception', async () => {
    const { name } = await newUser()
    const from = newPlace()
    expect(await statuses(name, from)).toEqual([answers.ok])
    await run('ban add', { cidr: from, duration: 3_600_000, reason: 'test' })
    expect(await statuses(name, from)).toEqual([answers.wrong])
    await run('ban remove', { ban: from })
    expect(await statuses(name, from)).toEqual([answers.ok])
  })

  test('a password, disabled, enabled, deleted', async () => {
    const { name } = await newUser()
    const from = newPlace()
    expect(await statuses(name, from)).toEqual([answers.ok])
    await gateways.at(-1)!.do('user set-password', { name, password: 'another horse' })
    expect(await statuses(name, from)).toEqual([answers.wrong])
    expect(await statuses(name, from, 'another horse')).toEqual([answers.ok])
    await run('user disable', { name })
    expect(await statuses(name, from, 'another horse')).toEqual([answers.wrong])
    await run('user enable', { name })
    expect(await statuses(name, from, 'another horse')).toEqual([answers.ok])
    await run('user delete', { name })
    expect(await statuses(name, from, 'another horse')).toEqual([answers.wrong])
  })

  test('a backend, and its health', async () => {
    const { name } = await newUser()
    const from = newPlace()
    const backend = `127.0.0.1:${greeters.ports.imap}`
    expect(await statuses(name, from)).toEqual([answers.ok])
    await run('backend drain', { backend })
    expect(await statuses(name, from)).toEqual([answers.later])
    await run('backend set', { backend, changes: { state: 'active' } })
    expect(await statuses(name, from)).toEqual([answers.ok])
    const lists = () =>
      Promise.all(Array.from({ length: 4 }, (_, i) => gateways[i % gateways.length]!.do('backend list', {})))
    // Between two rounds; during one, they may differ.
    await vi.waitFor(async () => {
      const [first, ...others] = await lists()
      expect(others).toEqual([first, first, first])
      expect(first).toMatchObject([{ health: [{ up: true, checked_at: expect.any(Number) }] }])
    }, 20_000)
  })

  test('one code on all at once: in one network all get in, of two networks one', async () => {
    const { name, otpauth } = await newUser(true)
    const text = password + codeFor(otpauth, Date.now())
    const places = [newPlace(), newPlace()]
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const place = places[i % 2]!
        return { place, status: await statusAt(i, name, place, text) }
      }),
    )
    const of = (place: string) => [
      ...new Set(all.filter(one => one.place === place).map(({ status }) => status)),
    ]
    expect([of(places[0]!), of(places[1]!)].toSorted()).toEqual([[answers.ok], [answers.wrong]].toSorted())
    const [home] = of(places[0]!).includes(answers.ok) ? places : places.toReversed()
    // The grant of one holds at all, until it is revoked.
    expect(await statuses(name, home!, text)).toEqual([answers.ok])
    await run('user revoke', { name })
    expect(await statuses(name, home!, text)).toEqual([answers.wrong])
  })

  test('200 different wrong passwords at once: no more than the limit are looked at', async () => {
    const { name } = await newUser()
    const from = newPlace()
    const hashes = async () => {
      const all = await Promise.all(gateways.map(({ ports }) => scrape(ports.nginx)))
      return all.reduce((sum, { series }) => sum + series.get('mailgateway_hash_duration_seconds_count')!, 0)
    }
    const before = await hashes()
    const told = await Promise.all(
      Array.from({ length: 200 }, (_, i) => statusAt(i, name, from, `wrong number ${i}`)),
    )
    expect(told.filter(status => status === answers.wrong).length).toBeLessThanOrEqual(5)
    expect((await hashes()) - before).toBeLessThanOrEqual(5)
    expect(await statuses(name, from)).toEqual([answers.later])
  })
})
