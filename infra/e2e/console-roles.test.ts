/** What a role may not do: the console does not offer it, or says why not, and the gateway refuses it when it is asked all the same. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { operations } from '../../functions/index.ts'
import { mayActAs, type Role, roles } from '../../lib/admin/roles.ts'
import { type Admin, makeAdmin, signInAt } from './admins.ts'
import { ask, nginxLines } from './ask.ts'
import { codeFor } from './authenticator.ts'
import { signIn, startBrowser, type Visitor, visit } from './browser.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'

// Every page is opened for every role.
vi.setConfig({ testTimeout: 600_000 })

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-console-roles-'))
const password = 'correct horse battery staple'
const admins: Record<Role, Admin> = {
  superadmin: { name: 'admin', password },
  operator: { name: 'olga', password: 'a password of the operator' },
  auditor: { name: 'audrey', password: 'a password of the auditor' },
}

interface Offer {
  route: string
  /** Key of `pages`. */
  page: keyof typeof pages
  name: string | RegExp
  role?: 'button' | 'menuitem' | 'textbox'
  /** The button of the menu that it is in. */
  behind?: string | RegExp
}

/** Where something is offered, and what stands there for everybody once it is whole. */
const pages = {
  list: { path: () => '/mailboxes', shown: 'joe@example.org' },
  joe: { path: () => '/mailboxes?name=joe@example.org', shown: 'Familiar networks' },
  locked: { path: () => '/mailboxes?name=locked@example.org', shown: 'Familiar networks' },
  disabled: { path: () => '/mailboxes?name=disabled@example.org', shown: 'Familiar networks' },
  coded: { path: () => '/mailboxes?name=coded@example.org', shown: 'Familiar networks' },
  attempt: { path: () => `/auth-log?attempt=${attempt}`, shown: 'All of this mailbox' },
  bans: { path: () => '/bans', shown: '203.0.113.0/24' },
  exceptions: { path: () => '/bans?tab=exceptions', shown: '198.51.100.0/24' },
  backends: { path: () => '/backends', shown: 'Draining' },
  admins: { path: () => '/admins', shown: 'olga' },
  settings: { path: () => '/settings', shown: 'guessing.address_window' },
  mail: { path: () => '/settings?group=mail', shown: 'No notice has been sent yet' },
}
let attempt = ''

const user = '/api/users/{name}'
const admin = '/api/admins/{username}'
const acts = 'Actions for olga'

const offers: Offer[] = [
  { route: 'POST /api/users', page: 'list', name: 'New mailbox' },
  { route: 'POST /api/users/import', page: 'list', name: 'Import' },
  { route: `PATCH ${user}`, page: 'joe', name: 'Edit' },
  { route: `PATCH ${user}`, page: 'disabled', name: 'Enable' },
  { route: `PUT ${user}/password`, page: 'joe', name: 'Set password', role: 'menuitem', behind: 'More' },
  { route: `DELETE ${user}`, page: 'joe', name: 'Delete', role: 'menuitem', behind: 'More' },
  { route: `POST ${user}/unlock`, page: 'locked', name: 'Unlock' },
  { route: `POST ${user}/totp`, page: 'joe', name: 'Set up' },
  { route: `POST ${user}/totp/reset`, page: 'coded', name: 'New phone' },
  { route: `DELETE ${user}/totp`, page: 'coded', name: 'Turn off' },
  { route: `DELETE ${user}/grants`, page: 'coded', name: 'End all' },
  { route: `DELETE ${user}/grants/{grant}`, page: 'coded', name: /^End$/ },
  { route: `DELETE ${user}/networks`, page: 'joe', name: /^Forget$/ },
  { route: 'POST /api/bans', page: 'bans', name: 'Ban an address' },
  { route: 'POST /api/bans', page: 'attempt', name: 'Ban 192.0.2.0/24' },
  { route: 'POST /api/bans/bulk', page: 'bans', name: 'Paste a list' },
  { route: 'PATCH /api/bans/{id}', page: 'bans', name: 'Change' },
  { route: 'DELETE /api/bans/{id}', page: 'bans', name: 'Lift' },
  { route: 'POST /api/exceptions', page: 'exceptions', name: 'Add an entry' },
  { route: 'PATCH /api/exceptions/{id}', page: 'exceptions', name: 'Change' },
  { route: 'DELETE /api/exceptions/{id}', page: 'exceptions', name: 'Remove' },
  { route: 'POST /api/backends', page: 'backends', name: 'Add a backend' },
  { route: 'POST /api/backends/{id}/drain', page: 'backends', name: 'Drain' },
  { route: 'POST /api/backends/{id}/check', page: 'backends', name: 'Check now' },
  { route: 'PATCH /api/backends/{id}', page: 'backends', name: 'Bring back' },
  {
    route: 'DELETE /api/backends/{id}',
    page: 'backends',
    name: 'Remove',
    role: 'menuitem',
    behind: /^More 127/,
  },
  { route: 'POST /api/admins', page: 'admins', name: 'New administrator' },
  { route: `PATCH ${admin}`, page: 'admins', name: 'Change role', role: 'menuitem', behind: acts },
  { route: `DELETE ${admin}`, page: 'admins', name: 'Delete', role: 'menuitem', behind: acts },
  { route: `POST ${admin}/password`, page: 'admins', name: 'New password', role: 'menuitem', behind: acts },
  { route: `POST ${admin}/unlock`, page: 'admins', name: 'Unlock', role: 'menuitem', behind: acts },
  { route: `DELETE ${admin}/totp`, page: 'admins', name: /one-time codes/, role: 'menuitem', behind: acts },
  { route: `GET ${admin}/sessions`, page: 'admins', name: 'Sessions', role: 'menuitem', behind: acts },
  { route: `DELETE ${admin}/sessions`, page: 'admins', name: 'Sessions', role: 'menuitem', behind: acts },
  {
    route: 'PATCH /api/settings',
    page: 'settings',
    name: 'Time in which an address is counted.',
    role: 'textbox',
  },
  { route: 'POST /api/notifications/test', page: 'mail', name: 'Send a test mail' },
]

/** The console has other ways to it, or none. */
const notOffered = [
  'POST /api/users/{name}/totp/confirm',
  'POST /api/users/{name}/notify',
  'PUT /api/settings/{key}',
  'DELETE /api/settings/{key}',
]

const deniedTo = (role: Role) =>
  operations.filter(({ role: needed }) => needed !== 'anyone' && !mayActAs(role, needed))

let gateway: Gateway
let greeters: Greeters
let browser: Browser
let base: string

beforeAll(async () => {
  greeters = await startGreeters()
  const settings = { MAILGATEWAY_ADMIN_PASSWORD: password, MAILGATEWAY_SERVER_RATE_LIMIT: '100000' }
  gateway = await startGateway(folder, { settings })
  base = `http://127.0.0.1:${gateway.ports.admin}`
  const send = await signInAt(gateway, admins.superadmin)
  await makeAdmin(gateway, send, 'auditor', admins.auditor)
  const sendAsOperator = await makeAdmin(gateway, send, 'operator', admins.operator)
  // So that there is something to turn off.
  await sendAsOperator('POST /api/session/totp', { password: admins.operator.password })
  for (const port of [greeters.ports.imap, greeters.ports.pop3])
    await send('POST /api/backends', { protocol: 'imap', host: '127.0.0.1', port })
  const { items } = await send('GET /api/backends')
  const names = ['joe', 'locked', 'disabled', 'coded'].map(name => `${name}@example.org`)
  const mailPassword = 'a password of the mailbox'
  const logIn = async (name: string, typed: string) =>
    (await ask(gateway.ports.nginx, nginxLines({ user: name, password: typed }))).headers['auth-status']
  const [joe = '', locked = '', disabled = '', coded = ''] = names
  let otpauth = ''
  for (const name of names) {
    const made = await send('POST /api/users', { name, password: mailPassword, totp: name === coded })
    otpauth ||= made.otpauth ?? ''
  }
  expect(await logIn(joe, mailPassword)).toBe('OK')
  expect(await logIn(coded, mailPassword + codeFor(otpauth, Date.now()))).toBe('OK')
  for (let i = 0; i < 5; i++) await logIn(locked, `wrong guess number ${i}`)
  await send(`PATCH /api/users/${disabled}`, { enabled: false })
  await send(`POST /api/backends/${items[1].id}/drain`)
  await send('POST /api/bans', { cidr: '203.0.113.0/24', reason: 'attacks us', duration: null })
  await send('POST /api/exceptions', { kind: 'allow', cidr: '198.51.100.0/24', note: '' })
  attempt = (await send(`GET /api/auth-log?user=${joe}`)).items[0].request_id
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

async function open(role: Role, path: string): Promise<Visitor & { refused: string[] }> {
  const visitor = await visit(browser, { base })
  const refused: string[] = []
  visitor.page.on('response', response => {
    if (response.status() === 403) refused.push(response.url())
  })
  await signIn(visitor.page, admins[role].name, admins[role].password, path)
  return { ...visitor, refused }
}

const reason = /takes the role/

type Verdict = 'offered' | 'absent' | 'disabled, and why' | 'disabled'

async function judge(page: Page, control: Locator): Promise<Verdict> {
  if ((await control.count()) === 0) return 'absent'
  if (await control.first().isEnabled()) return 'offered'
  if (reason.test((await control.first().getAttribute('title')) ?? '')) return 'disabled, and why'
  await control.first().hover({ force: true })
  const said = page.getByText(reason).first().waitFor()
  return said.then(
    () => 'disabled, and why',
    () => 'disabled',
  )
}

const isRight = (verdict: Verdict, isDenied: boolean) =>
  isDenied ? verdict === 'absent' || verdict === 'disabled, and why' : verdict === 'offered'

/** @param place the dialogue that is open, or all of the page @param behind the menu that all of the offers are in */
async function look(page: Page, place: Locator, behind: Offer['behind'], found: Offer[]): Promise<Verdict[]> {
  const judgeAll = async (place: Locator) => {
    const states: Verdict[] = []
    for (const { role = 'button', name } of found)
      states.push(await judge(page, place.getByRole(role, { name })))
    return states
  }
  if (behind === undefined) return judgeAll(place)
  const opener = place.getByRole('button', { name: behind }).first()
  const state = await judge(page, opener)
  if (state !== 'offered') return found.map(() => state)
  await opener.click()
  const menu = page.locator('.ant-dropdown')
  await menu.getByRole('menuitem').first().waitFor()
  return judgeAll(menu)
}

test('every operation that takes a role has its place here', () => {
  const needing = deniedTo('auditor').map(({ route }) => route as string)
  const known = new Set([...offers.map(({ route }) => route), ...notOffered])
  expect([...known].toSorted()).toEqual(needing.toSorted())
})

test.each(roles)('%s is offered what the role may do, and nothing else', async role => {
  const denied = new Set<string>(deniedTo(role).map(({ route }) => route))
  await using visitor = await open(role, '/')
  const { page, refused } = visitor
  const wrong: string[] = []
  for (const [key, { path, shown }] of Object.entries(pages)) {
    await page.goto(path())
    const isDrawer = /[?&](name|attempt)=/.test(path())
    const place = isDrawer ? page.getByRole('dialog') : page.locator('body')
    await place.getByText(shown).first().waitFor()
    // What is behind a menu comes last: it covers the rest.
    const here = Object.groupBy(
      offers.filter(({ page }) => page === key),
      ({ behind }) => String(behind),
    )
    for (const found of Object.values(here)) {
      const states = await look(page, place, found![0]!.behind, found!)
      for (const [index, { route }] of found!.entries())
        if (!isRight(states[index]!, denied.has(route))) wrong.push(`${route} on ${path()}: ${states[index]}`)
    }
  }
  expect(wrong).toEqual([])
  // Nor does a page ask what it will not be told.
  expect(refused).toEqual([])
  expect(visitor.complaints()).toEqual([])
})

test.each(['operator', 'auditor'] as const)(
  '%s is refused the rest by the gateway, asked from the same browser',
  async role => {
    const denied = deniedTo(role)
    await using visitor = await open(role, '/account')
    const routes = denied.map(({ route }) => route.replaceAll(/\{\w+\}/g, 'x'))
    const answers = await visitor.page.evaluate(async routes => {
      const headers: Record<string, string> = { 'Content-Type': 'application/json' }
      const session = await fetch('/refresh', { method: 'POST', headers, body: '{}' })
      const { access_token } = (await session.json()) as { access_token: string }
      headers.Authorization = `Bearer ${access_token}`
      const answers: string[] = []
      for (const route of routes) {
        const [method = '', path = ''] = route.split(' ')
        const response = await fetch(path, { method, headers, ...(method !== 'GET' && { body: '{}' }) })
        const { code } = (await response.json()) as { code: string }
        answers.push(`${route}: ${response.status} ${code}`)
      }
      return answers
    }, routes)
    expect(answers).toEqual(routes.map(route => `${route}: 403 forbidden`))
  },
)
