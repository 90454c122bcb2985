/** What the console is for, from the sign-in to the effect at a login through nginx. "I cannot log in" is among the mailboxes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { makeAdmin, signInAt } from './admins.ts'
import { signIn, startBrowser, type Visitor, visit } from './browser.ts'
import { useImap } from './clients.ts'
import { openDialogue } from './dialogue.ts'
import { type Dovecot, startDovecot } from './dovecot.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { rememberLogin } from './leaks.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { type Rig, startRig } from './rig.ts'
import { watch } from './watch.ts'

// Wrong passwords are answered a second late, and every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 })

const settings = { MAILGATEWAY_ADMIN_PASSWORD: 'correct horse battery staple' }
const admin = { name: 'admin', password: settings.MAILGATEWAY_ADMIN_PASSWORD }
const auditor = { name: 'audrey', password: 'a password of the auditor' }
const joe = { name: 'joe@example.com', password: 'a password of Joe' }
const attacker = '198.51.100.9'
let rig: Rig
let gateway: Gateway
/** Behind a proxy that says where clients come from: on loopback all would be one. */
let proxied: Nginx
let second: Dovecot
let browser: Browser
let base: string

beforeAll(async () => {
  rig = await startRig({ settings })
  gateway = rig.gateway
  base = `http://127.0.0.1:${gateway.ports.admin}`
  await rig.addMailbox(joe)
  second = await startDovecot(join(rig.folder, 'second'), rig.sink.port)
  second.addUser(joe)
  const shipped = fileURLToPath(new URL('../../conf/nginx/mail.conf', import.meta.url))
  const file = join(rig.folder, 'proxied.conf')
  const lines = readFileSync(shipped, 'utf8')
    .replace('listen 993 ssl;', 'listen 993 ssl proxy_protocol;')
    .replace('mail {', 'mail {\n    set_real_ip_from 127.0.0.1;')
  writeFileSync(file, lines)
  proxied = await startNginx({
    folder: join(rig.folder, 'proxied'),
    file,
    gatewayPort: gateway.ports.nginx,
  })
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await proxied?.stop()
  await second?.stop()
  await gateway?.stop()
  await rig?.stop()
})

async function open(path: string, as = admin, options: Partial<Parameters<typeof visit>[1]> = {}) {
  const visitor: Visitor = await visit(browser, { base, ...options })
  await signIn(visitor.page, as.name, as.password, path)
  return visitor
}

const press = (place: Page | Locator, name: string | RegExp) =>
  place.getByRole('button', { name }).last().click()

const logsIn = async (password = joe.password) => {
  const { certificate } = rig.nginx
  const login = { port: rig.port(993), tls: 'implicit', certificate, user: joe.name, password } as const
  return (await useImap(login)).ok
}

async function logsInFrom(from: string, password = joe.password, user = joe.name): Promise<boolean> {
  rememberLogin({ user, password })
  await using imap = await openDialogue(proxied.ports.get(993)!, proxied.certificate, {
    implicitTls: true,
    from,
  })
  const answer = await imap.ask(`a login "${user}" "${password}"`, /^a /)
  return answer.at(-1)!.startsWith('a OK')
}

const chart = (page: Page, title: string) => page.locator('.ant-card', { hasText: title }).last()

/** The newest bar from its foot; as the hour turns it is the one before. */
async function clickLastBar(page: Page, card: Locator): Promise<void> {
  const canvas = card.locator('canvas')
  await canvas.waitFor()
  const bar = { hours: 25, axis: 30, foot: 50 }
  for (let n = 0; !page.url().includes('/auth-log'); n = (n + 1) % 2) {
    const box = (await canvas.boundingBox())!
    const width = (box.width - bar.axis) / bar.hours
    await canvas.click({ position: { x: box.width - 8 - width * (n + 0.5), y: box.height - bar.foot } })
    await page.waitForURL(/\/auth-log/, { timeout: 2_000 }).catch(() => {})
  }
}

test('a morning look: how it stands, what changed, and from a bar to the attempts behind it', async () => {
  expect([await logsIn(), await logsIn(), await logsIn('not this one')]).toEqual([true, true, false])
  await using visitor = await open('/')
  const { page } = visitor
  await page.getByRole('link', { name: /Attempts today 3 Yesterday 0/ }).waitFor()
  await page.getByRole('link', { name: /Success rate 66\.7%/ }).waitFor()
  await page.getByRole('link', { name: /Backends up 3 \/ 3 All answer/ }).waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  await page.getByRole('cell', { name: 'Mailbox: added' }).waitFor()

  await clickLastBar(page, chart(page, 'Logins by result'))
  expect(new URL(page.url()).search).toMatch(/^\?since=\d+&until=\d+&result=success$/)
  await watch(() => page.getByRole('button', { name: 'Logged in' }).count()).toBe(2)

  await page.goBack()
  const card = chart(page, 'Why logins failed, today')
  await press(card, 'As a table')
  await press(card, 'Wrong password')
  await page.waitForURL(/\/auth-log\?since=\d+&reason=wrong_password$/)
  await page.getByRole('button', { name: 'Wrong password' }).waitFor()
  await page.goBack()
  await page.getByRole('link', { name: 'All in the operation log' }).click()
  await page.getByRole('cell', { name: 'Backend: added' }).first().waitFor()
  expect(visitor.complaints()).toEqual([])
})

test('an attack: who it is, at whom; its network banned with two clicks, and let in again', async () => {
  const names = [joe.name, 'ann@example.com', 'eve@example.com']
  const guesses = names.map((name, n) => logsInFrom(attacker, `guess number ${n}`, name))
  expect(await Promise.all(guesses)).toEqual([false, false, false])
  // Who was there most is reckoned up now and then, and at the start.
  await gateway.stop()
  gateway = await startGateway(gateway.folder, { settings, ports: gateway.ports })
  expect(await logsInFrom('198.51.100.200')).toBe(true)

  await using visitor = await open('/?top=network')
  const { page } = visitor
  await press(page, 'Ban 198.51.100.0/24')
  await press(page.getByRole('dialog'), 'Ban an address')
  await page.getByText('Banned: it holds').waitFor()
  expect(await logsInFrom('198.51.100.200')).toBe(false)
  expect(await logsInFrom('203.0.113.5')).toBe(true)

  await page.getByRole('link', { name: '198.51.100.0/24' }).click()
  await page.getByRole('button', { name: 'Address banned by an administrator' }).waitFor()
  for (const name of names) await page.getByRole('button', { name }).first().waitFor()
  await press(page, 'Address banned by an administrator')
  await page.getByRole('dialog').getByText('admin: Guesses passwords').waitFor()

  await page.goto('/bans')
  await press(page, '198.51.100.0/24')
  const drawer = page.getByRole('dialog')
  await drawer.getByRole('cell', { name: 'Guesses passwords' }).waitFor()
  await press(drawer, 'Lift')
  await press(page.getByRole('tooltip'), 'Lift')
  await drawer.getByText('Lifted', { exact: true }).first().waitFor()
  expect(await logsInFrom('198.51.100.200')).toBe(true)
  expect(visitor.complaints()).toEqual([])
})

test('a backend is drained: its logins stop, the other one gets them; then it is brought back', async () => {
  const { imap } = second.ports
  const add = ['backend', 'add', '--protocol', 'imap', '--host', '127.0.0.1', '--port', String(imap)]
  await gateway.mustCli(add)
  // The newest login says where Joe belongs now.
  expect(await logsIn()).toBe(true)
  const { json } = await gateway.mustCli(['log', 'search', '--user', joe.name, '--limit', '1', '--json'])
  const [{ backend: place } = { backend: '' }] = json as { backend: string }[]
  const other = `127.0.0.1:${place.endsWith(String(imap)) ? rig.dovecot.ports.imap : imap}`

  await using visitor = await open('/backends')
  const { page } = visitor
  const watching = await page.context().newPage()
  await watching.goto('/backends')
  const cardOf = (page: Page, place: string) =>
    page.locator('.ant-card', { has: page.getByRole('button', { name: `More ${place}` }) })
  await cardOf(watching, place).getByRole('link', { name: 'Its logins' }).click()
  const logins = watching.getByRole('button', { name: 'Logged in' })
  await logins.first().waitFor()
  const before = await logins.count()

  await press(cardOf(page, place), 'Drain')
  await press(page.getByRole('tooltip'), 'Drain')
  await cardOf(page, place).getByText('Draining', { exact: true }).waitFor()
  expect(await logsIn()).toBe(true)
  await cardOf(page, other).getByRole('link', { name: 'Its logins' }).click()
  await page.getByRole('button', { name: 'Logged in' }).first().waitFor()
  await press(watching, 'Refresh')
  await watch(() => logins.count()).toBe(before)

  await page.goBack()
  await press(cardOf(page, place), 'Bring back')
  await cardOf(page, place).getByText('Active', { exact: true }).waitFor()
  expect(await logsIn()).toBe(true)
  await press(watching, 'Refresh')
  await watch(() => logins.count()).toBe(before + 1)
  expect(visitor.complaints()).toEqual([])
})

test('an audit: questions become filters of the address, which ask the same for somebody else; a file', async () => {
  await makeAdmin(gateway, await signInAt(gateway, admin), 'auditor', auditor)
  await using visitor = await open('/auth-log', auditor)
  const { page } = visitor
  await page.getByRole('searchbox', { name: 'Mailbox' }).fill(joe.name)
  await page.waitForURL(/user=joe/)
  await page.getByRole('searchbox', { name: 'Address or network' }).fill('198.51.100.0/24')
  await page.waitForURL(/address=198/)
  await page.getByRole('combobox', { name: 'Result' }).click()
  await page.locator('.ant-select-item-option', { hasText: 'Failed' }).click()
  await page.waitForURL(/result=failed/)
  const rows = (page: Page) => page.locator('tbody').getByRole('row')
  await watch(() => rows(page).count()).toBe(2)
  for (const why of ['Wrong password', 'Address banned by an administrator'])
    await page.getByRole('button', { name: why }).waitFor()

  await using other = await visit(browser, { base, language: 'zh' })
  await other.page.goto(page.url())
  await other.page.waitForURL(/\/sign-in\?to=/)
  const { pathname, search } = new URL(page.url())
  await signIn(other.page, auditor.name, auditor.password, pathname + search)
  await other.page.getByRole('button', { name: '地址被管理员封禁' }).waitFor()
  expect(await rows(other.page).count()).toBe(2)

  const downloading = page.waitForEvent('download')
  await press(page, 'Export')
  await page.getByRole('menuitem', { name: /NDJSON/ }).click()
  const lines = (await text(await (await downloading).createReadStream())).trimEnd().split('\n')
  expect(lines.map(line => JSON.parse(line).reason).toSorted()).toEqual(['banned', 'wrong_password'])

  await page.goto('/operation-log?action=ban+add')
  await page.getByRole('cell', { name: '198.51.100.0/24' }).waitFor()
  await page.getByRole('cell', { name: 'admin', exact: true }).waitFor()
  expect([...visitor.complaints(), ...other.complaints()]).toEqual([])
})

test('a first start: password, backend, mailbox, and the lines that nginx is given; then the first login is seen', async () => {
  await using fresh = await startGateway(join(rig.folder, 'fresh'))
  await watch(fresh.output).toContain('shown this once')
  const [, made = ''] = /password {2,}(\S+)/.exec(fresh.output()) ?? []
  await using visitor = await visit(browser, { base: `http://127.0.0.1:${fresh.ports.admin}` })
  const { page } = visitor
  await signIn(page, 'admin', made)
  await page.getByLabel('Password so far').fill(made)
  await page.getByLabel('New password', { exact: true }).fill(admin.password)
  await page.getByLabel('New password again').fill(admin.password)
  await press(page, 'Change password')

  await page.getByRole('link', { name: 'To the backends' }).click()
  await press(page, 'Add a backend')
  await page.getByLabel('Host').fill('127.0.0.1')
  await page.getByLabel('Port').fill(String(rig.dovecot.ports.imap))
  await press(page, 'Save')
  await page.getByRole('button', { name: 'Check now' }).waitFor()

  await page.getByRole('menuitem', { name: 'Overview' }).click()
  await page.getByRole('link', { name: 'To the mailboxes' }).click()
  await press(page, 'New mailbox')
  const form = page.getByRole('dialog')
  await form.getByLabel('Mailbox', { exact: true }).fill(joe.name)
  await form.getByLabel('New password', { exact: true }).fill(joe.password)
  await press(form, 'Create')
  await page.getByText('Yes. Nothing stands in the way').waitFor()

  await page.goto('/')
  await page.getByText('Waiting for the first question of nginx').waitFor()
  const lines = (await page.locator('pre').textContent()) ?? ''
  const own = `http://127.0.0.1:${fresh.ports.nginx}/api/auth;`
  expect(lines).toContain(own)
  const file = join(rig.folder, 'pasted.conf')
  writeFileSync(file, lines.replace(own, 'http://127.0.0.1:8090/api/auth;'))
  const folder = join(rig.folder, 'pasted')
  await using nginx = await startNginx({ folder, file, gatewayPort: fresh.ports.nginx })
  const login = { port: nginx.ports.get(993)!, tls: 'implicit', certificate: nginx.certificate } as const
  expect((await useImap({ ...login, user: joe.name, password: joe.password })).ok).toBe(true)
  await page.getByRole('link', { name: /Attempts today 1/ }).waitFor()
  expect(visitor.complaints()).toEqual([])
})
