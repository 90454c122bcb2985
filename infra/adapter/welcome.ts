/** What a person who has just started the gateway reads: where it listens, who can sign in, and the next step. */
import { type First, makeFirstAdmin } from '../../lib/admin/first.ts'
import type { Config } from '../../lib/runtime/config.ts'
import type { Services } from '../../lib/runtime/services.ts'

/** In a checkout npm starts us; a release brings its own command. */
const command = process.env.npm_lifecycle_event === undefined ? 'mailgateway' : 'npm run -s mailgateway --'

/** Makes the first administrator where there is none: a password that is shown once is made when it is shown. */
export async function welcome(services: Services, config: Config): Promise<string> {
  const { db } = services
  const { settings, dataDir } = config
  const { server, auth_server: auth, admin } = settings
  const chosen = config.adminPassword ?? admin.default_password
  const first = await makeFirstAdmin(services, admin.default_username, chosen)
  const count = (table: 'backends' | 'users') => db.selectFrom(table).select('id').limit(1).executeTakeFirst()
  const steps: string[] = []
  if (!(await count('backends'))) {
    steps.push(`Name the mail server:  ${command} backend add --protocol imap --host 192.0.2.10 --port 143`)
  }
  if (!(await count('users'))) {
    steps.push(`Add a mailbox:         ${command} user add joe@example.org --owner Joe`)
  }
  if (steps.length > 0)
    steps.push('Point nginx at us:     conf/nginx/mail.conf, its auth_http line is the one above')
  return [
    '',
    'MailGateway is up.',
    `  nginx asks             ${showAuthHttp(auth)}${auth.secret === '' ? '' : ', with auth_http_header X-Auth-Key'}`,
    `  the console            ${showAdmin(server)}/`,
    `  the API                ${showAdmin(server)}/api/openapi.json`,
    `  health                 ${showAdmin(server)}/readyz`,
    `  data                   ${dataDir}`,
    ...(first ? introduce(first) : []),
    ...(steps.length > 0 ? ['', 'Next:', ...steps.map((step, i) => `  ${i + 1}. ${step}`)] : []),
    '',
    '',
  ].join('\n')
}

function introduce({ username, one_time_password, refused }: First): string[] {
  const password =
    one_time_password === null
      ? 'the password that you have chosen'
      : `${one_time_password}   (shown this once; change it at the first sign-in)`
  return [
    `  administrator          ${username}`,
    `  password               ${password}`,
    ...(refused === null ? [] : [`                         instead of admin.default_password: ${refused}`]),
  ]
}

const showAdmin = ({ host, port, tls_cert }: Config['settings']['server']) =>
  `${tls_cert === '' ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`

/** What to write after `auth_http` in nginx. */
export function showAuthHttp({ host, port }: Config['settings']['auth_server']): string {
  if (host.startsWith('unix:')) return `http://${host}:/api/auth`
  const address =
    host === '0.0.0.0' || host === '::'
      ? '<address of this machine>'
      : host.includes(':')
        ? `[${host}]`
        : host
  return `http://${address}:${port}/api/auth`
}
