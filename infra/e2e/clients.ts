/** Mail clients as people use them, each for one login: imapflow, node-pop3, nodemailer. */
import { ImapFlow } from 'imapflow'
import Pop3Client from 'node-pop3'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { rememberLogin } from './leaks.ts'

export interface Login {
  port: number
  user: string
  password: string
  /** Absent: no TLS at all. */
  tls?: 'starttls' | 'implicit'
  /** The authority for TLS, PEM. */
  certificate?: string
}

export interface Outcome {
  ok: boolean
  /** ok: what the work returned. Not ok: the server's words as the client library reports them. */
  text: string
}

/** The library's error is the server's refusal of the login; everything else is a broken test and thrown on. */
function readRefusal(
  error: unknown,
  field: 'response' | 'message',
  isRefusal: (error: object) => boolean,
): Outcome {
  if (!(error instanceof Error) || !isRefusal(error)) throw error
  const text: unknown = Reflect.get(error, field)
  return { ok: false, text: String(text) }
}

/** Logs in over IMAP and does `work`. A refusal's text is the whole line, tag included. */
export async function useImap(
  login: Login,
  work: (client: ImapFlow) => Promise<string> = async () => '',
): Promise<Outcome> {
  rememberLogin(login)
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: login.port,
    secure: login.tls === 'implicit',
    doSTARTTLS: login.tls === 'starttls',
    tls: { ca: login.certificate },
    auth: { user: login.user, pass: login.password },
    logger: false,
  })
  try {
    await client.connect()
  } catch (error) {
    return readRefusal(error, 'response', refusal => 'authenticationFailed' in refusal)
  }
  const text = await work(client)
  await client.logout()
  return { ok: true, text }
}

/** Logs in over POP3, without TLS or over implicit TLS (the library knows no STLS), and does `work`. */
export async function usePop3(
  login: Login,
  work: (client: Pop3Client) => Promise<string> = client => client.STAT(),
): Promise<Outcome> {
  rememberLogin(login)
  const client = new Pop3Client({
    host: '127.0.0.1',
    port: login.port,
    user: login.user,
    password: login.password,
    tls: login.tls === 'implicit',
    servername: 'localhost',
    tlsOptions: { ca: login.certificate },
  })
  try {
    await client._connect()
  } catch (error) {
    // The library cannot leave after a refusal: its QUIT waits for ever when the server has closed.
    client._socket?.destroy()
    return readRefusal(error, 'message', refusal => 'command' in refusal)
  }
  const text = await work(client)
  await client.QUIT()
  return { ok: true, text }
}

/** Logs in over SMTP and sends `message`; without one only logs in. */
export async function useSmtp(login: Login, message?: SendMailOptions): Promise<Outcome> {
  rememberLogin(login)
  const transport = createTransport({
    host: '127.0.0.1',
    port: login.port,
    secure: login.tls === 'implicit',
    requireTLS: login.tls === 'starttls',
    ignoreTLS: !login.tls,
    tls: { ca: login.certificate },
    auth: { user: login.user, pass: login.password },
  })
  try {
    if (!message) await transport.verify()
    else return { ok: true, text: (await transport.sendMail(message)).response }
    return { ok: true, text: '' }
  } catch (error) {
    return readRefusal(error, 'response', refusal => 'code' in refusal && refusal.code === 'EAUTH')
  } finally {
    transport.close()
  }
}
