import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, nginxLines } from '../e2e/ask.ts'
import { createOnServer } from '../e2e/databases.ts'
import { runCommand, startGateway } from '../e2e/gateway.ts'
import { chooseFreePort } from '../e2e/ports.ts'

let folder: string
let server: Awaited<ReturnType<typeof createOnServer>>
let settings: Record<string, string>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailgateway-mysql-'))
  server = await createOnServer()
  settings = { DATABASE_URL: server.url, MAILGATEWAY_DATA_DIR: join(folder, 'a') }
})
afterAll(async () => {
  await server?.remove()
  rmSync(folder, { recursive: true })
})

const run = (...args: string[]) => runCommand(settings, args)

test('from no database to a login, with commands before, beside and after the gateway', async () => {
  await server.server.query(`drop database \`${server.name}\``)
  const missing = await run('migrate', 'status')
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining(`no database ${server.name}`)])
  expect((await run('migrate', '--create')).stdout).toMatch(/^applied {2}0001-initial\n/)
  expect((await run('migrate', '--create')).stdout).toBe('nothing to do\n')
  expect((await run('migrate')).stderr).toContain('Usage: mailgateway migrate')
  const backend = ['--protocol', 'imap', '--host', '127.0.0.1', '--port', '9']
  expect((await run('backend', 'add', ...backend)).code).toBe(0)

  await using gateway = await startGateway(join(folder, 'a'), { settings: { DATABASE_URL: server.url } })
  await gateway.mustCli(['user', 'add', 'joe@example.org', '--password-stdin'], 'correct horse')
  const asked = nginxLines({ user: 'joe@example.org', password: 'correct horse' })
  await ask(gateway.ports.nginx, asked)
  const rows = (await gateway.mustCli(['log', 'search', '--json'])).json
  expect(rows).toEqual([expect.objectContaining({ user: 'joe@example.org' })])

  const beside = { ...settings, MAILGATEWAY_DATA_DIR: join(folder, 'b') }
  expect((await runCommand(beside, ['user', 'add', 'kim@example.org', '--password-stdin'])).code).toBe(1)
  expect((await runCommand(beside, ['ban', 'add', '203.0.113.7', '--for', '1h', '--reason', 'x'])).code).toBe(
    0,
  )
  expect((await gateway.mustCli(['ban', 'list'])).stdout).toContain('203.0.113.7')

  const ports = {
    MAILGATEWAY_SERVER_PORT: `${await chooseFreePort()}`,
    MAILGATEWAY_AUTH_SERVER_PORT: `${await chooseFreePort()}`,
  }
  const second = await runCommand({ ...settings, ...ports }, ['start'])
  expect([second.code, second.stderr]).toEqual([
    1,
    expect.stringMatching(/MAILGATEWAY_DATA_DIR: cannot listen on .*control\.sock \(EADDRINUSE\)/),
  ])
})

test('backup and restore name the tools of the server', async () => {
  for (const verb of ['backup', 'restore']) {
    const { code, stderr } = await run(verb, join(folder, 'file'))
    expect([code, stderr]).toEqual([1, expect.stringMatching(/mariadb-dump .* or mysqldump/)])
  }
})
