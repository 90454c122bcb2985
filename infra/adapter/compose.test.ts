/**
 * compose.yaml without containers: by its schema, and with real programs in the place of the images, each given the command,
 * settings, files and secrets that the file gives it. Only ports, folders and what is replaced below differ.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DCLinter } from 'dclint'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { useImap } from '../e2e/clients.ts'
import { type Dovecot, startDovecot } from '../e2e/dovecot.ts'
import { type Mariadb, startMariadb } from '../e2e/mariadb.ts'
import { type Nginx, startNginx } from '../e2e/nginx.ts'
import { chooseFreePort } from '../e2e/ports.ts'
import { isListening, startProcess } from '../e2e/process.ts'
import { type Release, unpackRelease } from '../e2e/release.ts'

// Making an archive, and each command, takes seconds on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

interface Service {
  command?: string[]
  environment?: Record<string, string>
  network_mode?: string
  ports?: string[]
  secrets?: string[]
  volumes?: string[]
  healthcheck?: { test: string[] }
}
interface Compose {
  services: Record<'gateway' | 'nginx' | 'mariadb' | 'redis', Service>
  volumes: Record<string, unknown>
  secrets: Record<string, unknown>
}

const folderOfFile = fileURLToPath(new URL('./', import.meta.url))
const file = join(folderOfFile, 'compose.yaml')
const source = readFileSync(file, 'utf8')
const { services, volumes, secrets }: Compose = parse(source)
const folder = mkdtempSync(join(tmpdir(), 'mailgateway-compose-'))
const inFolder = (name: string) => join(folder, name)
// The gateway is another user here.
chmodSync(folder, 0o755)

afterAll(() => rmSync(folder, { recursive: true }))

describe('the file', () => {
  const problems = (text: string) => {
    const copy = inFolder('compose.yaml')
    writeFileSync(copy, text)
    return DCLinter.validateFile(copy).messages
  }

  test('is one by the schema of the Compose Specification, and would not be with a mistake in it', () => {
    expect(problems(source)).toEqual([])
    expect(problems(source.replace('read_only: true', 'readonly: true'))).toMatchObject([
      { rule: 'invalid-schema' },
    ])
    expect(problems(source.replace('service_healthy', 'healthy'))).toMatchObject([{ rule: 'invalid-schema' }])
  })

  test('each service is given the secrets that it reads, and mounts what there is', () => {
    for (const [name, service] of Object.entries(services)) {
      const read = [...JSON.stringify(service).matchAll(/\/run\/secrets\/(\w+)/g)].map(([, secret]) => secret)
      expect([name, [...new Set(read)].sort()]).toEqual([name, [...(service.secrets ?? [])].sort()])
      expect(Object.keys(secrets)).toEqual(expect.arrayContaining(service.secrets ?? []))
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(':')
        // The certificate is the administrator's.
        const isThere = from.startsWith('.')
          ? from === './tls' || existsSync(join(folderOfFile, from))
          : from in volumes
        expect([volume, isThere]).toEqual([volume, true])
      }
    }
  })

  test('nginx and the gateway share the loopback that mail.conf asks on; nobody outside reaches the servers', () => {
    expect([services.gateway.network_mode, services.nginx.network_mode]).toEqual(['host', 'host'])
    expect(Object.keys(services.gateway.environment ?? {}).filter(name => /_SERVER_/.test(name))).toEqual([])
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
    const { MAILGATEWAY_DATABASE_PORT: mariadb, MAILGATEWAY_REDIS_PORT: redis } =
      services.gateway.environment ?? {}
    expect([services.mariadb.ports, services.redis.ports]).toEqual([
      [`127.0.0.1:${mariadb}:3306`],
      [`127.0.0.1:${redis}:6379`],
    ])
  })
})

describe('what it starts', () => {
  const parts = new AsyncDisposableStack()
  let release: Release
  let nginx: Nginx
  let dovecot: Dovecot
  let mariadb: Mariadb
  let settings: Record<string, string>
  let redisPort: number

  /** As compose reads it: `$$` is a `$`. */
  const expand = (text: string) =>
    text.replaceAll('$$', '$').replaceAll('/run/secrets/', inFolder('secrets/'))
  const mounted = (service: Service, at: string) => {
    const [from = ''] = service.volumes?.find(volume => volume.endsWith(`:${at}:ro`))?.split(':') ?? []
    return join(folderOfFile, from)
  }

  beforeAll(async () => {
    mkdirSync(inFolder('release'))
    release = unpackRelease(inFolder('release'))
    mkdirSync(inFolder('secrets'))
    for (const name of Object.keys(secrets))
      writeFileSync(inFolder(`secrets/${name}`), `${randomBytes(32).toString('hex')}\n`)

    mariadb = parts.use(await startMariadb(inFolder('mariadb'), undefined, services.mariadb.command))
    // What the image does at its first start.
    const { MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD_FILE = '' } = services.mariadb.environment ?? {}
    const password = readFileSync(expand(MARIADB_PASSWORD_FILE), 'utf8').trim()
    await mariadb.query(
      `create database ${MARIADB_DATABASE}; create user '${MARIADB_USER}'@'%' identified by '${password}'; grant all on ${MARIADB_DATABASE}.* to '${MARIADB_USER}'@'%'`,
    )

    redisPort = await chooseFreePort()
    const [shell = '', ...script] = services.redis.command?.map(expand) ?? []
    parts.use(
      await startProcess({
        name: 'Redis',
        command: shell,
        args: script.map(text =>
          text.replace('requirepass', `port ${redisPort}\nbind 127.0.0.1\nrequirepass`),
        ),
        isReady: () => isListening(redisPort),
      }),
    )

    const ports = { admin: await chooseFreePort(), nginx: await chooseFreePort() }
    const given = Object.entries(services.gateway.environment ?? {}).map(([name, text]) => [
      name,
      expand(text),
    ])
    settings = {
      ...Object.fromEntries(given),
      MAILGATEWAY_DATABASE_PORT: String(mariadb.port),
      MAILGATEWAY_REDIS_PORT: String(redisPort),
      MAILGATEWAY_SERVER_PORT: String(ports.admin),
      MAILGATEWAY_AUTH_SERVER_PORT: String(ports.nginx),
    }
    parts.use(await release.start(settings))
    dovecot = parts.use(await startDovecot(inFolder('dovecot'), 1))
    nginx = parts.use(
      await startNginx({
        folder: inFolder('nginx'),
        main: mounted(services.nginx, '/etc/nginx/nginx.conf'),
        file: mounted(services.nginx, '/etc/nginx/mail.conf'),
        gatewayPort: ports.nginx,
      }),
    )
  })
  afterAll(async () => {
    await parts.disposeAsync()
    release?.remove()
  })

  test('a mail client logs in through nginx, and what was decided lies in MariaDB', async () => {
    const joe = { name: 'joe@example.org', password: 'correct horse battery' }
    dovecot.addUser(joe)
    const imap = String(dovecot.ports.imap)
    const backend = ['backend', 'add', '--protocol', 'imap', '--host', '127.0.0.1', '--port', imap]
    expect(await release.run(settings, backend)).toMatchObject({ code: 0 })
    const add = ['user', 'add', joe.name, '--password-stdin']
    expect(await release.run(settings, add, joe.password)).toMatchObject({ code: 0 })
    const login = { port: nginx.ports.get(993)!, tls: 'implicit', certificate: nginx.certificate } as const
    expect(await useImap({ ...login, user: joe.name, password: joe.password })).toEqual({
      ok: true,
      text: '',
    })
    expect(await useImap({ ...login, user: joe.name, password: 'not the password' })).toMatchObject({
      ok: false,
    })
    const rows = await mariadb.query('select result from mailgateway.auth_log order by result desc')
    expect(rows.map(({ result }) => result)).toEqual(['success', 'failed'])
  })

  test('the health check of Redis sees that it lives, and that it does not', () => {
    const [kind, line = ''] = services.redis.healthcheck?.test ?? []
    expect(kind).toBe('CMD-SHELL')
    const check = (port: number) => () =>
      execFileSync('sh', ['-c', expand(line).replace('redis-cli', `redis-cli -p ${port}`)], { stdio: 'pipe' })
    check(redisPort)()
    expect(check(1)).toThrow()
  })
})
