/** A mail server that takes notices: STARTTLS or TLS from the first byte, AUTH, and whatever it is to refuse. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerAuthentication, type SMTPServerSession } from 'smtp-server'
import { rememberSecret } from './leaks.ts'
import { chooseFreePort } from './ports.ts'

export interface Received {
  /** As a mail program shows it. */
  email: Email
  /** Header and body as they came, one character per byte. */
  raw: string
  from: string
  to: string[]
  /** '' = no login. */
  user: string
  tls: boolean
}

export interface MailServer extends AsyncDisposable {
  port: number
  received: Received[]
  /** What it answers to a recipient, such as `550 5.1.1 nobody`, instead of taking it; undefined = taken. */
  refuse: (recipient: string) => string | undefined
  /** Does not answer to the end of a mail any more, though it keeps it, until this resolves. */
  hold: Promise<void>
  stop(): Promise<void>
}

export interface MailServerOptions {
  /** Default 127.0.0.1. */
  host?: string
  port?: number
  security?: 'none' | 'starttls' | 'tls'
  /** Absent: nobody has to log in. */
  login?: { user: string; password: string }
  /** Files, see makeCertificate. */
  tls?: { certificate: string; key: string }
}

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { security = 'none', login, tls } = options
  const port = options.port ?? (await chooseFreePort())
  if (login) rememberSecret(login.password)
  const received: Received[] = []
  const server = new SMTPServer({
    secure: security === 'tls',
    disabledCommands: [...(security === 'starttls' ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    authOptional: login === undefined,
    authMethods: ['PLAIN', 'LOGIN'],
    ...(tls && { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }),
    closeTimeout: 100,
    logger: false,
    onAuth({ username = '', password }: SMTPServerAuthentication, _session, done) {
      if (username === login?.user && password === login?.password) done(null, { user: username })
      // As servers do that should not: it says what it was sent.
      else
        done(
          failure(
            `535 5.7.8 no: ${Buffer.from(`\0${username}\0${password}`).toString('base64')} ${password}`,
          ),
        )
    },
    onRcptTo({ address }, _session, done) {
      const refused = running.refuse(address)
      done(refused === undefined ? null : failure(refused))
    },
    async onData(stream, session: SMTPServerSession, done) {
      const bytes = await buffer(stream)
      const { mailFrom, rcptTo } = session.envelope
      received.push({
        email: await PostalMime.parse(bytes),
        raw: bytes.toString('latin1'),
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        user: typeof session.user === 'string' ? session.user : '',
        tls: Boolean(session.secure),
      })
      await running.hold
      done(null, 'kept')
    },
  })
  // A client that does not like the certificate hangs up.
  server.on('error', () => undefined)
  server.listen(port, options.host ?? '127.0.0.1')
  await once(server.server, 'listening')
  const stop = () => new Promise<void>(resolve => server.close(() => resolve()))
  const running: MailServer = {
    port,
    received,
    refuse: () => undefined,
    hold: Promise.resolve(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
  return running
}

function failure(reply: string): Error {
  return Object.assign(new Error(reply.slice(4)), { responseCode: Number(reply.slice(0, 3)) })
}
