/** Two gateways on one MariaDB and one Redis: what one of them counts, spends or bans, the other knows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { setSetting, unsetSetting } from '../../lib/live-settings/manage.ts'
import { addMailbox, setEnabled } from '../../lib/mailbox/manage.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { nginxLines } from './ask.ts'
import { askApp } from './ask-app.ts'
import { codeFor } from './authenticator.ts'
import { createOnServer } from './databases.ts'
import { answers } from './guarded.ts'
import { newName, newPlace, password } from './guessers.ts'
import { addBackends } from './in-process.ts'
import { type Node, openNode } from './node.ts'
import { plainPasswords } from './plain-passwords.ts'

/** Guesses that are looked at before a lock. */
const limit = 5

let folder: string
let nodes: Node[]
let hashes: number

const passwords = plainPasswords(() => hashes++)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-two-'))
  const { name, url } = await createOnServer()
  const places = { DATABASE_URL: url, REDIS_URL: inject('redis').url, MAILGATEWAY_REDIS_PREFIX: `${name}:` }
  nodes = [await openNode(folder, places), await openNode(folder, places)]
  await addBackends(nodes[0]!.services, { imap: 10143, pop3: 10110, smtp: 10587 })
})
afterAll(async () => {
  for (const node of nodes) await node.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  hashes = 0
})

async function askWith(services: Services, user: string, text: string, from: string): Promise<string | null> {
  const lines = nginxLines({ user, password: text }, { 'Client-IP': from })
  return (await askApp({ ...services, passwords }, lines)).get('Auth-Status')
}

/** Each of them at one of the nodes, in turn. */
const askAll = (user: string, texts: string[], from: (n: number) => string) =>
  Promise.all(texts.map((text, n) => askWith(nodes[n % 2]!.services, user, text, from(n))))

/** @returns name and otpauth URL, the latter '' without codes */
async function newMailbox(totp = false) {
  const made = await addMailbox({ ...nodes[0]!.services, passwords }, { name: newName(), password, totp })
  return { name: made.name, otpauth: 'otpauth' in made ? made.otpauth : '' }
}

const wrongOnes = (many: number) => Array.from({ length: many }, (_, n) => `wrong ${n}`)

test('of 200 distinct wrong passwords at once no more than the limit are looked at, over both', async () => {
  const { name } = await newMailbox()
  expect(new Set(await askAll(name, wrongOnes(200), newPlace))).toEqual(
    new Set([answers.wrong, answers.later]),
  )
  expect(hashes).toBe(limit)
})

test.each(['where it was used', 'elsewhere'])(
  'nor is the remembered right one told among them: %s',
  async place => {
    const { name } = await newMailbox()
    const home = newPlace()
    expect(await askWith(nodes[0]!.services, name, password, home)).toBe(answers.ok)
    const from = place === 'elsewhere' ? newPlace() : home
    hashes = 0
    const told = await askAll(name, [...wrongOnes(150), password, ...wrongOnes(200).slice(150)], () => from)
    expect(told[150]).toBe(answers.later)
    expect(hashes).toBeLessThanOrEqual(limit)
  },
)

test('of 1,000 wrong codes behind the right password no more than the limit are looked at', async () => {
  const { name, otpauth } = await newMailbox(true)
  const from = newPlace()
  const now = Date.now()
  const real = new Set([-1, 0, 1, 2].map(step => codeFor(otpauth, now + step * 30_000)))
  const codes = Array.from({ length: 1_000 }, (_, n) => String(100_000 + n)).filter(code => !real.has(code))
  for (let n = 0; n < codes.length; n += 100) {
    const texts = codes.slice(n, n + 100).map(code => password + code)
    expect(await askAll(name, texts, () => from)).not.toContain(answers.ok)
  }
  expect(hashes).toBeLessThanOrEqual(limit)
})

test('one code at once on both: connections from one network share it, another network gets nothing', async () => {
  const [here, elsewhere] = [newPlace(), newPlace()]
  for (let round = 0; round < 5; round++) {
    const { name, otpauth } = await newMailbox(true)
    const texts = Array<string>(10).fill(password + codeFor(otpauth, Date.now()))
    expect(new Set(await askAll(name, texts, () => here))).toEqual(new Set([answers.ok]))

    const other = await newMailbox(true)
    const same = Array<string>(10).fill(password + codeFor(other.otpauth, Date.now()))
    const told = await askAll(other.name, same, n => (n % 2 ? here : elsewhere))
    const byPlace = [told.filter((_, n) => n % 2), told.filter((_, n) => !(n % 2))].map(all => [
      ...new Set(all),
    ])
    expect(byPlace.toSorted()).toEqual([[answers.ok], [answers.wrong]].toSorted())
  }
})

test('guesses that reach a limit on both at once make one ban', async () => {
  const from = newPlace()
  await Promise.all(
    wrongOnes(60).map((text, n) => askWith(nodes[n % 2]!.services, `nobody${n % 9}@example.com`, text, from)),
  )
  const { db } = nodes[1]!.services
  const bans = db.selectFrom('ip_blacklist').select(['event_type', 'level']).where('cidr', '=', `${from}/32`)
  expect(await bans.execute()).toEqual([{ event_type: 'address', level: 0 }])
})

test('a refused right password costs the round trips that a wrong one costs, also when it comes again', async () => {
  const disabled = await newMailbox()
  await setEnabled(nodes[0]!.services, disabled.name, false)
  const withCodes = await newMailbox(true)
  const costs = {
    unknown: await costOf(newName(), 'wrong 1'),
    wrong: await costOf((await newMailbox()).name, 'wrong 1'),
    disabled: await costOf(disabled.name, password),
    withoutCode: await costOf(withCodes.name, password),
  }
  const { unknown } = costs
  expect(costs).toEqual({ unknown, wrong: unknown, disabled: unknown, withoutCode: unknown })
})

test('a setting that is changed on one decides about the next login on the other', async () => {
  const [here, there] = [nodes[0]!.services, nodes[1]!.services]
  const key = 'auth.default_domain'
  const { name } = await newMailbox()
  const [short = ''] = name.split('@')
  const from = newPlace()
  for (let round = 0; round < 3; round++) {
    expect(await askWith(there, short, password, from)).toBe(answers.wrong)
    await setSetting(here, { key, value: 'example.com' })
    expect(await askWith(there, short, password, from)).toBe(answers.ok)
    await unsetSetting(here, { key })
  }
  expect(await askWith(there, short, password, from)).toBe(answers.wrong)
  // What the attempt had taken with the old settings is given back.
  const places = await there.hot.apply([{ op: 'read', key: `tried:${name}` }])
  expect(places).toEqual([null])
})

test('a limit that is lowered on one holds at once on both, also in the middle of a crowd', async () => {
  const { name } = await newMailbox()
  const from = newPlace()
  await setSetting(nodes[0]!.services, { key: 'auth.max_fail_attempts', value: '2' })
  expect(new Set(await askAll(name, wrongOnes(40), () => from))).toEqual(
    new Set([answers.wrong, answers.later]),
  )
  expect(hashes).toBe(2)
  await unsetSetting(nodes[1]!.services, { key: 'auth.max_fail_attempts' })
  expect(nodes.map(({ services }) => services.settings.auth.max_fail_attempts)).toContain(limit)
})

/** What an answer waits for, the first and the second time. What is remembered of it goes beside the audit row. */
async function costOf(user: string, text: string): Promise<string[][]> {
  const { services } = nodes[0]!
  let waits: string[] = []
  const db = services.db.withPlugin({
    transformQuery({ node }) {
      waits.push(node.kind)
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const apply: typeof services.hot.apply = (ops, generation) => {
    const isMemory = ops[0]?.op === 'write' || ops[0]?.op === 'drop'
    if (!isMemory) waits.push('hot state')
    return services.hot.apply(ops, generation)
  }
  const from = newPlace()
  const costs: string[][] = []
  for (let times = 0; times < 2; times++) {
    waits = []
    expect(await askWith({ ...services, db, hot: { ...services.hot, apply } }, user, text, from)).toBe(
      answers.wrong,
    )
    costs.push(waits)
  }
  return costs
}
