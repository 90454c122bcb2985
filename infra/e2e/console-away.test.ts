/** The gateway stops while forms are half filled, and two administrators are at one mailbox: nothing that was typed is lost. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { makeAdmin, signInAt } from './admins.ts'
import { signIn, startBrowser, type Visitor, visit } from './browser.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { watch } from './watch.ts'

// Seven pages are opened, one after the other.
vi.setConfig({ testTimeout: 600_000 })

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-console-away-'))
const settings = { MAILGATEWAY_ADMIN_PASSWORD: 'correct horse battery staple' }
const admin = { name: 'admin', password: settings.MAILGATEWAY_ADMIN_PASSWORD }
const helper = { name: 'helen', password: 'a password of Helen' }
const joe = 'joe@example.com'
let gateway: Gateway
let browser: Browser
let base: string

beforeAll(async () => {
  gateway = await startGateway(folder, { settings })
  base = `http://127.0.0.1:${gateway.ports.admin}`
  const send = await signInAt(gateway, admin)
  await makeAdmin(gateway, send, 'operator', helper)
  await send('POST /api/users', { name: joe, password: 'a password of Joe' })
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  rmSync(folder, { recursive: true })
})

/** Its sign, if it has one, is read before its name. */
const press = (page: Page, name: string) =>
  page
    .getByRole('button', { name: new RegExp(`(^| )${name}$`) })
    .last()
    .click()
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true }).last()

async function open(path: string, as = admin): Promise<Visitor> {
  const visitor = await visit(browser, { base })
  await signIn(visitor.page, as.name, as.password, path)
  return visitor
}

interface HalfFilled {
  path: string
  /** The button that opens it; absent = it is open. */
  opener?: string
  typed: Record<string, string>
  submit: string
  /** What stands there when it is done. */
  done: string
}

const forms: HalfFilled[] = [
  {
    path: '/mailboxes',
    opener: 'New mailbox',
    typed: { Mailbox: 'ann@example.com', 'New password': 'a password of Ann', Owner: 'Ann' },
    submit: 'Create',
    done: 'Yes. Nothing stands in the way',
  },
  {
    path: `/mailboxes?name=${joe}`,
    opener: 'Edit',
    typed: { Owner: 'Joe, sales', Pool: 'sales' },
    submit: 'Save',
    done: 'Saved: it takes effect',
  },
  {
    path: '/settings',
    typed: { 'Time in which an address is counted.': '12m' },
    submit: 'Save one change',
    done: 'Saved: in force',
  },
  {
    path: '/backends',
    opener: 'Add a backend',
    typed: { Host: '127.0.0.1', Port: '9', Pool: 'sales' },
    submit: 'Save',
    done: '127.0.0.1:9',
  },
  {
    path: '/bans',
    opener: 'Ban an address',
    typed: { 'Address or network': '203.0.113.0/24', Reason: 'attacks us' },
    submit: 'Ban an address',
    done: 'Banned: it holds',
  },
  {
    path: '/bans?tab=exceptions',
    opener: 'Add an entry',
    typed: { 'Address or network': '198.51.100.0/24', Note: 'office' },
    submit: 'Save',
    done: 'Saved: it holds',
  },
  {
    path: '/admins',
    opener: 'New administrator',
    typed: { Username: 'olga' },
    submit: 'Create',
    done: 'Password for olga',
  },
]

test('the gateway stops while forms are half filled: they say so, keep what was typed, and go on with it', async () => {
  await using visitor = await open('/account')
  const opened: [HalfFilled, Page][] = []
  for (const form of forms) {
    const page = await visitor.page.context().newPage()
    await page.goto(form.path)
    if (form.opener !== undefined) await press(page, form.opener)
    for (const [label, text] of Object.entries(form.typed)) await field(page, label).fill(text)
    opened.push([form, page])
  }
  await gateway.stop()
  for (const [{ path, typed, submit }, page] of opened) {
    await press(page, submit)
    await page.getByText('The gateway does not answer. What you typed is still here').first().waitFor()
    for (const [label, text] of Object.entries(typed))
      expect(await field(page, label).inputValue(), path).toBe(text)
  }
  gateway = await startGateway(folder, { settings, ports: gateway.ports })
  for (const [{ submit, done }, page] of opened) {
    await press(page, submit)
    await page.getByText(done).first().waitFor()
  }
  expect(visitor.complaints()).toEqual([])
})

test('two administrators edit one mailbox: the second is told what the first has changed, and decides', async () => {
  await using first = await open(`/mailboxes?name=${joe}`)
  await using second = await open(`/mailboxes?name=${joe}`, helper)
  for (const { page } of [first, second]) await press(page, 'Edit')
  await field(first.page, 'Owner').fill('First')
  await field(second.page, 'Owner').fill('Second')
  await press(first.page, 'Save')
  await first.page.getByText('Saved: it takes effect').waitFor()

  await press(second.page, 'Save')
  await second.page.getByText('Somebody else has changed this mailbox meanwhile').waitFor()
  await second.page.getByRole('alert').getByText('First').waitFor()
  expect(await field(second.page, 'Owner').inputValue()).toBe('Second')
  await press(second.page, 'Take what is there')
  await watch(() => field(second.page, 'Owner').inputValue()).toBe('First')
  await press(second.page, 'Cancel')

  // Who looks at it again sees what is in force.
  await second.page.reload()
  await second.page.getByRole('dialog').getByText('First').first().waitFor()
  expect([...first.complaints(), ...second.complaints()]).toEqual([])
})
