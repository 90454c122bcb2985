/** Why a mail did not go out, and what people can do about it. */
import type { SettingKey, Settings } from '../settings/definitions.ts'

export interface Failure {
  /** For people: what happened, the server's words, what to do. One line, never the password. */
  text: string
  /** The setting that is at fault most likely; `to` = the recipient. */
  field: SettingKey | 'to'
  /** Whose fault it is: `server` = the next mail would fail as well; `mail` = this one; `final` = this one, for ever. */
  scope: 'server' | 'mail' | 'final'
}

/** What nodemailer tells of a failed conversation. */
interface SmtpError extends Error {
  code?: string
  /** What the library made its own code of, such as ECONNREFUSED. */
  originalCode?: string
  /** The command that was refused. */
  command?: string
  response?: string
  responseCode?: number
}

type Blame = Omit<Failure, 'text'> & { what: string; todo: string }

const longestText = 500
const longestWords = 200

export function explainFailure({ smtp }: Pick<Settings, 'smtp'>, error: unknown): Failure {
  const failure = error as SmtpError
  const { what, todo, field, scope } = blame(smtp, failure)
  const words = failure.response ?? failure.message
  const said = `${failure.response === undefined ? '' : 'it said '}${quote(words, smtp)}`
  return { field, scope, text: `${what} (${said}); ${todo}`.slice(0, longestText) }
}

function blame(smtp: Settings['smtp'], { code = '', originalCode = code, ...error }: SmtpError): Blame {
  const { message, command = '', responseCode = 0 } = error
  const where = `${smtp.host}:${smtp.port}`
  const server = (field: SettingKey, what: string, todo: string): Blame => ({
    field,
    scope: 'server',
    what,
    todo,
  })
  if (code === 'EDNS') return server('smtp.host', `${smtp.host} has no address`, 'check smtp.host')
  if (code === 'EAUTH' || code === 'ENOAUTH') {
    return server('smtp.password', `${where} refused the login`, 'check smtp.user and smtp.password')
  }
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
    return server('smtp.tls_ca', 'the file of smtp.tls_ca cannot be read', 'check smtp.tls_ca')
  }
  if (isAboutTls(code, originalCode, message)) {
    const todo = `check that the certificate is good for ${smtp.host}, smtp.tls_ca, and smtp.security (tls mostly at port 465, starttls at 587 or 25)`
    return server('smtp.security', `no encrypted connection with ${where}`, todo)
  }
  if (command === 'RCPT TO' || code === 'EMESSAGE' || (code === 'EENVELOPE' && command === 'DATA')) {
    const scope = responseCode >= 500 ? 'final' : 'mail'
    const todo =
      scope === 'final' ? 'check the address, and what that server relays' : 'it may accept it later'
    return { field: 'to', scope, what: `${where} did not accept the mail`, todo }
  }
  if (code === 'EENVELOPE' && command === 'MAIL FROM') {
    const todo = 'check smtp.from, and whether the server wants a login (smtp.user)'
    return server('smtp.from', `${where} does not accept the sender`, todo)
  }
  if (code === 'EENVELOPE') {
    return {
      field: 'to',
      scope: 'final',
      what: 'the address cannot be written to',
      todo: 'check the address',
    }
  }
  if (originalCode === 'ECONNREFUSED') {
    return server('smtp.port', `nobody listens at ${where}`, 'check smtp.host and smtp.port')
  }
  const todo =
    'check smtp.host and smtp.port, firewalls on the way, and smtp.security (tls mostly at port 465, starttls at 587 or 25)'
  return server('smtp.host', `${where} does not answer as a mail server`, todo)
}

const isAboutTls = (code: string, originalCode: string, message: string) =>
  code === 'ETLS' ||
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO)/.test(originalCode) ||
  /certificate|wrong version number/i.test(message)

/** The server's words are a stranger's: one line, cut, and without the password, should it repeat that. */
function quote(words: string, { user, password }: Settings['smtp']): string {
  const secrets = [password, ...[`\0${user}\0${password}`, password].map(toBase64)]
  const shown = secrets
    .filter(secret => password !== '' && secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '***'), words)
  return JSON.stringify(shown.replace(/[\p{C}\s]+/gu, ' ').slice(0, longestWords))
}

const toBase64 = (text: string) => Buffer.from(text).toString('base64')
