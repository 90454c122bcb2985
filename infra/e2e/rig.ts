/** All parts together: clients -> nginx -> (asks the gateway) -> Dovecot -> sink, on loopback ports in one folder. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { VerbResult } from '../adapter/verbs.ts'
import { type Dovecot, type DovecotUser, startDovecot } from './dovecot.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { type Sink, startSink } from './sink.ts'

const nginxFiles = {
  shipped: fileURLToPath(new URL('../../conf/nginx/mail.conf', import.meta.url)),
  'original sample': fileURLToPath(new URL('original-sample.conf', import.meta.url)),
}

export interface RigOptions {
  /** Which nginx configuration; default the shipped one. */
  nginx?: keyof typeof nginxFiles
  /** The SMTP backend: Dovecot's submission (default), or the sink itself, which trusts nginx without a login. */
  smtpBackend?: 'dovecot' | 'sink'
  /** Further environment variables of the gateway. */
  settings?: Record<string, string>
}

export interface Rig extends AsyncDisposable {
  folder: string
  gateway: Gateway
  nginx: Nginx
  dovecot: Dovecot
  sink: Sink
  /** Creates the mailbox in Dovecot and in the gateway, with what else `user add` takes, such as `totp`. */
  addMailbox(user: DovecotUser, more?: object): Promise<VerbResult<'user add'>>
  /** nginx's stand-in for a port of its configuration, such as 993. */
  port(original: number): number
  /** Stops everything in the order in which clients notice least, and removes the folder. */
  stop(): Promise<void>
}

/** Starts everything and registers the backends; throws, with nothing left running, when a part does not start. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-e2e-'))
  // Dovecot's and nginx's workers give up root and still must get at their files.
  chmodSync(folder, 0o755)
  await using started = new AsyncDisposableStack()
  started.defer(() => rmSync(folder, { recursive: true, force: true }))
  const sink = started.use(await startSink())
  const dovecot = started.use(await startDovecot(join(folder, 'dovecot'), sink.port))
  const gateway = started.use(await startGateway(join(folder, 'gateway'), { settings: options.settings }))
  const smtpPort = options.smtpBackend === 'sink' ? sink.port : dovecot.ports.smtp
  await gateway.addBackends({ ...dovecot.ports, smtp: smtpPort })
  const file = nginxFiles[options.nginx ?? 'shipped']
  const nginx = started.use(
    await startNginx({
      folder: join(folder, 'nginx'),
      file,
      gatewayPort: gateway.ports.nginx,
      secret: options.settings?.MAILGATEWAY_AUTH_SERVER_SECRET,
    }),
  )
  const parts = started.move()
  const stop = () => parts.disposeAsync()
  return {
    folder,
    gateway,
    nginx,
    dovecot,
    sink,
    addMailbox(user, more = {}) {
      dovecot.addUser(user)
      const { name, password } = user
      return gateway.do('user add', { name, password, owner: 'e2e', ...more })
    },
    port(original) {
      const port = nginx.ports.get(original)
      if (!port) throw new Error(`this nginx configuration does not listen on ${original}`)
      return port
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
