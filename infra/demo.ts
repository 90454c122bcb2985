/** `npm run demo`: gateway, nginx, a mailbox and its mail server, in one temporary folder, until Ctrl-C. */
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startInbox } from './demo/inbox.ts'
import { demoUser, describeSteps } from './demo/steps.ts'
import { startGateway } from './e2e/gateway.ts'
import { startNginx } from './e2e/nginx.ts'
import { startSink } from './e2e/sink.ts'

const nginxFiles = ['/usr/sbin/nginx', '/usr/lib/nginx/modules/ngx_mail_module.so']
const mailConf = fileURLToPath(new URL('../conf/nginx/mail.conf', import.meta.url))
const welcome = `From: MailGateway <demo@example.com>\nSubject: Welcome\n\nYou are logged in, through nginx.\n`

const { values: options } = parseArgs({ options: { 'without-nginx': { type: 'boolean', default: false } } })
const ended = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map(signal => once(process, signal)))
// An impatient second Ctrl-C must not leave anything behind.
process.on('SIGINT', () => undefined)

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-demo-'))
await using parts = new AsyncDisposableStack()
parts.defer(() => rmSync(folder, { recursive: true, force: true }))
// nginx's workers give up root and still must get at their files.
chmodSync(folder, 0o755)
const dataDir = join(folder, 'data')
mkdirSync(dataDir, { mode: 0o700 })

const sink = parts.use(await startSink())
const inbox = parts.use(await startInbox(() => [welcome, ...sink.messages.map(({ content }) => content)]))
const gateway = parts.use(await startGateway(dataDir))
for (const [protocol, port] of Object.entries({ imap: inbox.port, smtp: sink.port })) {
  const backend = ['--protocol', protocol, '--host', '127.0.0.1', '--port', String(port)]
  await gateway.mustCli(['backend', 'add', ...backend])
}
const account = ['--owner', 'the demo', '--password-stdin']
await gateway.mustCli(['user', 'add', demoUser.name, ...account], demoUser.password)

process.stdout.write(describeSteps({ dataDir, gatewayPort: gateway.ports.nginx, nginx: await openNginx() }))
await ended
process.stdout.write('\nEnding; nothing is left.\n')

async function openNginx() {
  if (options['without-nginx'] || !nginxFiles.every(existsSync)) {
    process.stdout.write(`
Without nginx: curl asks the gateway as nginx would. With it, mail clients can log in:
apt-get install nginx libnginx-mod-mail
`)
    return null
  }
  const nginxFolder = join(folder, 'nginx')
  const nginx = parts.use(
    await startNginx({ folder: nginxFolder, file: mailConf, gatewayPort: gateway.ports.nginx }),
  )
  const [imapsPort, smtpsPort] = [nginx.ports.get(993)!, nginx.ports.get(465)!]
  return { certificateFile: join(nginxFolder, 'certificate.pem'), imapsPort, smtpsPort }
}
