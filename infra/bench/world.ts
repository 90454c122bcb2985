/** What the bench measures: a gateway with mailboxes, its data where it is told to, and two constant answers beside it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hashSync } from 'bcryptjs'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { nginxLines, writeRequest } from '../e2e/ask.ts'
import { type Gateway, startGateway } from '../e2e/gateway.ts'
import { startGreeters } from '../e2e/greeter.ts'
import { addBackends, openInProcess } from '../e2e/in-process.ts'
import { startMariadb } from '../e2e/mariadb.ts'
import { chooseFreePort } from '../e2e/ports.ts'
import { isListening, type RunningProcess, startProcess } from '../e2e/process.ts'
import { startRedis } from '../e2e/redis.ts'

export interface Stores {
  sql: 'sqlite' | 'mysql'
  state: 'memory' | 'redis'
  /** Processes of the gateway. */
  workers: number
}

export interface World extends AsyncDisposable {
  gateway: Gateway
  /** Hono on node-server, the same server with an answer that nobody thinks about. */
  hono: RunningProcess & { port: number }
  nginx: RunningProcess & { port: number }
  requests: {
    /** 1,000 mailboxes with their passwords. */
    warm: string[]
    /** Mailboxes whose password was never checked and has a hash of the gateway's own cost; each may be asked once. */
    cold: string[]
    /** A wrong password of each of 64 mailboxes, the same at every turn, as phones with an old one send it. */
    wrong: string[]
    /** 64 names that nobody has. */
    unknown: string[]
  }
}

const users = 1_000
const few = 64
const coldUsers = 200
const cost = 10
const password = 'correct horse 1'
const names = (kind: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${kind}${i}@example.com`)

/** Each from a network of its own: guessing has limits per network. */
const requestOf = (user: string, text: string, i: number) =>
  writeRequest(nginxLines({ user, password: text }, { 'Client-IP': `10.${i >> 8}.${i & 255}.7` }))

export async function buildWorld(stores: Stores): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-bench-'))
  await using started = new AsyncDisposableStack()
  started.defer(() => rmSync(folder, { recursive: true }))
  const greeters = await startGreeters()
  started.defer(() => greeters.close())
  const [warm, cold] = [names('warm', users), names('cold', coldUsers)]
  const places = await startStores(folder, stores, started)
  const seed = await openInProcess({ MAILGATEWAY_DATA_DIR: folder, ...places })
  await addBackends(seed.services, greeters.ports)
  // Warm logins are not hashed, so a cheap hash only shortens the preparation.
  const cheap = hashSync(password, 4)
  const add = (name: string, hash: string) =>
    addMailbox({ ...seed.services, passwords: { hash: async () => hash } }, { name, password })
  for (const name of warm) await add(name, cheap)
  for (const name of cold) await add(name, hashSync(password, cost))
  await seed.close()

  const workers: Record<string, string> =
    stores.workers > 1 ? { MAILGATEWAY_SERVER_WORKERS: `${stores.workers}` } : {}
  const settings = { MAILGATEWAY_LOG_LEVEL: 'warn', ...places, ...workers }
  const gateway = started.use(await startGateway(folder, { settings }))
  const hono = started.use(await startHono())
  const nginx = started.use(await startConstantNginx(folder))
  const parts = started.move()
  return {
    gateway,
    hono,
    nginx,
    requests: {
      warm: warm.map((name, i) => requestOf(name, password, i)),
      cold: cold.map((name, i) => requestOf(name, password, i)),
      wrong: warm.slice(0, few).map((name, i) => requestOf(name, 'an old password', i)),
      unknown: names('nobody', few).map((name, i) => requestOf(name, password, i)),
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Private servers with durable settings. @returns how the gateway is told of them */
async function startStores(folder: string, { sql, state }: Stores, started: AsyncDisposableStack) {
  const places: Record<string, string> = {}
  if (sql === 'mysql') {
    const mariadb = started.use(await startMariadb(join(folder, 'mariadb')))
    places.DATABASE_URL = await mariadb.createDatabase('bench')
  }
  if (state === 'redis') places.REDIS_URL = started.use(await startRedis(join(folder, 'redis'))).url
  return places
}

async function startHono() {
  const port = await chooseFreePort()
  const args = [fileURLToPath(new URL('./constant.ts', import.meta.url)), `${port}`]
  const child = await startProcess({
    name: 'constant',
    command: process.execPath,
    args,
    isReady: () => isListening(port),
  })
  return { ...child, port }
}

async function startConstantNginx(folder: string) {
  const port = await chooseFreePort()
  const answer = { Status: 'OK', Server: '127.0.0.1', Port: '143', User: 'joe@example.com' }
  const headers = Object.entries(answer).map(([name, value]) => `add_header Auth-${name} ${value};`)
  const file = join(folder, 'constant.conf')
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${port}; location / { ${headers.join(' ')} return 200; } } }
`,
  )
  const child = await startProcess({
    name: 'nginx',
    command: '/usr/sbin/nginx',
    args: ['-c', file, '-e', join(folder, 'nginx-error.log')],
    isReady: () => isListening(port),
  })
  return { ...child, port }
}
