/** What ships, installed where there is no npm and no compiler; and that the container's image is the same. */

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../lib/runtime/config.ts'
import packageJson from '../package.json' with { type: 'json' }
import { graceMs } from './adapter/gateway.ts'
import { ask, nginxLines } from './e2e/ask.ts'
import { type Greeters, startGreeters } from './e2e/greeter.ts'
import { chooseFreePort } from './e2e/ports.ts'
import type { RunningProcess } from './e2e/process.ts'
import { makeRelease, type Release, unpackRelease } from './e2e/release.ts'

// Making an archive, and each command, takes seconds on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const joe = { user: 'joe@example.org', password: 'correct horse battery' }

let release: Release

beforeAll(() => {
  release = unpackRelease(mkdtempSync(join(tmpdir(), 'mailgateway-release-')))
})
afterAll(() => release?.remove())

const namesIn = (folder: string) => readdirSync(join(release.app, folder))

describe('the archive', () => {
  test('holds what runs, and neither tests nor packages for development', () => {
    const files = readdirSync(release.app, { recursive: true, encoding: 'utf8' })
    const own = files.filter(file => !file.startsWith('node_modules/'))
    for (const file of [
      'bin/mailgateway',
      'web/dist/index.html',
      'conf/nginx/mail.conf',
      'conf/config.yaml',
      'conf/mailgateway.service',
      'LICENSE',
    ])
      expect(own).toContain(file)
    expect(own.filter(file => /\.test\.ts$|^infra\/(e2e|bench)|^\.|^data/.test(file))).toEqual([])
    expect(namesIn('node_modules')).toEqual(expect.arrayContaining(['hono', 'kysely', 'better-sqlite3']))
    const developed = Object.keys(packageJson.devDependencies).filter(name =>
      files.includes(`node_modules/${name}`),
    )
    expect(developed.filter(name => !name.startsWith('@types/'))).toEqual([])
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(release.app, 'package.json'), 'utf8'),
    )
    expect([dependencies, devDependencies]).toEqual([packageJson.dependencies, undefined])
  })

  test('has the ready-made SQLite of this kind of machine, and nothing to compile', () => {
    const kinds = namesIn('node_modules/better-sqlite3/prebuilds')
    expect(kinds).toContain(`${process.platform}-${process.arch}.node`)
    expect(kinds.filter(kind => !kind.endsWith(`-${process.arch}.node`))).toEqual([])
    expect(namesIn('node_modules/better-sqlite3')).not.toContain('deps')
  })

  test('is the same byte for byte whoever makes it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailgateway-release-again-'))
    const before = process.umask(0o077)
    const again = makeRelease(folder)
    process.umask(before)
    const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
    expect(digest(again)).toBe(digest(release.archive))
    rmSync(folder, { recursive: true })
  })
})

describe('installed as another user on a tree that nobody may write to', () => {
  let gateway: RunningProcess
  let greeters: Greeters
  let ports: { admin: number; nginx: number }
  let settings: Record<string, string>

  beforeAll(async () => {
    greeters = await startGreeters()
    ports = { admin: await chooseFreePort(), nginx: await chooseFreePort() }
    settings = { MAILGATEWAY_SERVER_PORT: `${ports.admin}`, MAILGATEWAY_AUTH_SERVER_PORT: `${ports.nginx}` }
    gateway = await release.start(settings)
    // It says so once it has hashed a first password.
    await vi.waitFor(() => expect(gateway.output()).toContain('MailGateway is up.'), 60_000)
  })
  afterAll(async () => {
    await gateway?.stop()
    greeters?.close()
  })

  const admin = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${ports.admin}${path}`, init)
  const mailgateway = async (args: string[], input?: string) => {
    const result = await release.run(settings, args, input)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    return result.stdout
  }

  test('the folder is what it says', () => {
    const writable = readdirSync(release.app, { recursive: true, encoding: 'utf8' }).filter(
      file => (statSync(join(release.app, file)).mode & 0o222) !== 0,
    )
    expect(writable).toEqual([])
    expect(readFileSync(`/proc/${gateway.pid}/status`, 'utf8')).toMatch(
      process.getuid?.() === 0 ? /^Uid:\t1001\t1001/m : /^Uid:/m,
    )
  })

  test('the first login: what the README says, with the command that ships', async () => {
    expect(gateway.output()).toContain(`http://127.0.0.1:${ports.nginx}/api/auth`)
    expect(gateway.output()).toMatch(/1\. Name the mail server: {2}mailgateway backend add --protocol imap/)
    const { imap } = greeters.ports
    await mailgateway(['backend', 'add', '--protocol', 'imap', '--host', '127.0.0.1', '--port', String(imap)])
    await mailgateway(['user', 'add', joe.user, '--password-stdin'], joe.password)
    const answer = await ask(ports.nginx, nginxLines(joe))
    expect(answer.headers).toMatchObject({
      'auth-status': 'OK',
      'auth-server': '127.0.0.1',
      'auth-port': String(imap),
    })
    const wrong = await ask(ports.nginx, nginxLines({ ...joe, password: 'not the password' }))
    expect(wrong.headers['auth-status']).not.toBe('OK')
    expect(await mailgateway(['log', 'search'])).toMatch(/right password/)
  })

  test('the console is there, and the printed password opens it', async () => {
    const page = await (await admin('/', { headers: { Accept: 'text/html' } })).text()
    const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(page) ?? []
    expect((await admin(script)).status).toBe(200)
    const [, password] = / {2}password +(\S+)/.exec(gateway.output()) ?? []
    const headers = { 'Content-Type': 'application/json' }
    const signIn = await admin('/login', {
      method: 'POST',
      headers,
      body: JSON.stringify({ username: 'admin', password }),
    })
    expect(signIn.status).toBe(200)
  })

  test('`mailgateway ready` says what /readyz says, and fails where nothing answers', async () => {
    expect(JSON.parse(await mailgateway(['ready']))).toMatchObject({ status: 'ready' })
    const port = String(await chooseFreePort())
    const other = await release.run({ ...settings, MAILGATEWAY_SERVER_PORT: port }, ['ready'])
    expect(other.code).toBe(1)
    expect(other.stderr).toMatch(
      new RegExp(`^mailgateway: nothing answers on 127\\.0\\.0\\.1:${port} .*\\n$`),
    )
  })

  test('it wrote to its data folder only', () => {
    expect(readdirSync(release.data)).toEqual(expect.arrayContaining(['mailgateway.db', 'secret.key']))
  })
})

describe('the systemd unit', () => {
  const shipped = (file: string) => readFileSync(join(release.app, file), 'utf8')
  const unit = () => shipped('conf/mailgateway.service')
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit())?.[1]

  test('starts the command that ships, and does not end it before it has ended by itself', () => {
    expect(of('ExecStart')).toBe('/opt/mailgateway/bin/mailgateway start')
    const { settings } = loadConfig({ env: { MAILGATEWAY_CONFIG: '/dev/null' }, cwd: release.app })
    // The control socket and two listeners close one after the other.
    expect(Number(of('TimeoutStopSec')) * 1_000).toBeGreaterThan(3 * graceMs(settings))
  })

  test.each(['README.md', 'README.zh-CN.md'])('has the places that %s says', readme => {
    expect(shipped(readme)).toContain('/opt/mailgateway/conf/mailgateway.service')
    expect(shipped(readme)).toContain(`MAILGATEWAY_DATA_DIR=/var/lib/${of('StateDirectory')}`)
    expect(shipped(readme)).toContain(`> ${of('EnvironmentFile')}`)
  })
})

describe('the Dockerfile', () => {
  /** Its instructions, lines that go on joined, by stage. */
  const [, build = [], image = []] = readFileSync(new URL('adapter/Dockerfile', import.meta.url), 'utf8')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => /^[A-Z]/.test(line))
    .reduce<string[][]>(
      (stages, line) => {
        if (line.startsWith('FROM ')) stages.push([])
        stages.at(-1)?.push(line)
        return stages
      },
      [[]],
    )
  const of = (stage: string[], instruction: string) =>
    stage.filter(line => line.startsWith(`${instruction} `)).map(line => line.slice(instruction.length + 1))

  test('puts the release archive into the image, and nothing else', () => {
    expect(of(build, 'RUN').at(-1)).toMatch(
      /^npm run release -- (\S+) && mkdir \/app && tar -xzf \1\/\*\.tar\.gz -C \/app --strip-components=1$/,
    )
    expect([of(image, 'COPY'), of(image, 'ADD')]).toEqual([['--from=build /app /app'], []])
    expect(of(image, 'RUN').join()).not.toMatch(/npm|apt/)
  })

  test('runs as a user without rights, and knows whether it is well', () => {
    expect(of(image, 'USER')).toEqual(['1001:1001'])
    expect(of(image, 'HEALTHCHECK')).toEqual([expect.stringMatching(/ CMD \["mailgateway", "ready"\]$/)])
    expect([of(image, 'ENTRYPOINT'), of(image, 'CMD')]).toEqual([['["mailgateway"]'], ['["start"]']])
    expect(of(image, 'VOLUME')).toEqual(['["/app/data", "/app/logs"]'])
  })

  test('is built on the Node that this project is tested with', () => {
    const [major] = packageJson.devDependencies.node.split('.')
    expect(
      [...of(build, 'FROM'), ...of(image, 'FROM')].map(from => from.replace(/^\$\{NODE\}/, 'NODE')),
    ).toEqual(['NODE AS build', 'NODE'])
    expect(readFileSync(new URL('adapter/Dockerfile', import.meta.url), 'utf8')).toContain(
      `ARG NODE=node:${major}-`,
    )
  })
})
