/** What a person who has just started the gateway reads: where it listens, and the next step. */
import type { Config } from '../../lib/runtime/config.ts'
import type { Services } from '../../lib/runtime/services.ts'

const command = 'npm run -s mailgateway --'

export async function welcome({ db }: Services, { settings, dataDir }: Config): Promise<string> {
  const { server, auth_server: auth } = settings
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
    `  health                 http://${server.host}:${server.port}/readyz`,
    `  data                   ${dataDir}`,
    ...(steps.length > 0 ? ['', 'Next:', ...steps.map((step, i) => `  ${i + 1}. ${step}`)] : []),
    '',
    '',
  ].join('\n')
}

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
