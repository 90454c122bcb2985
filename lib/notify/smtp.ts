/** Speaking to the mail server. */
import { readFile } from 'node:fs/promises'
import { createTransport } from 'nodemailer'
import type { Settings } from '../settings/definitions.ts'
import { readSender } from '../settings/mail-addresses.ts'
import type { Mail } from './compose.ts'

/** What a conversation may take before the server counts as hanging: connecting and greeting, silence, and all of it. */
const greetingMs = 10_000
const silenceMs = 15_000
export const sendMs = 30_000

/** One connection, kept for several mails. */
export interface MailServer {
  /**
   * @param id of the notification: a mail that goes out twice is the same one for who gets it
   * @returns the server's last words
   * @throws an error of the conversation, or of reading smtp.tls_ca, see explainFailure; at the latest after `sendMs`, or
   *   when `signal` says so
   */
  send(id: string, recipient: string, mail: Mail, signal?: AbortSignal): Promise<string>
  close(): void
}

/** Nothing is read or connected before the first mail. */
export function openMailServer({ smtp }: Pick<Settings, 'smtp'>): MailServer {
  const from = readSender(smtp.from)!
  let transport: ReturnType<typeof createTransport> | undefined

  const open = async () =>
    createTransport({
      pool: true,
      maxConnections: 1,
      // The queue tries again, and it counts.
      maxRequeues: 0,
      host: smtp.host,
      port: smtp.port,
      secure: smtp.security === 'tls',
      requireTLS: smtp.security === 'starttls',
      ignoreTLS: smtp.security === 'none',
      tls: {
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        ...(smtp.tls_ca !== '' && { ca: await readFile(smtp.tls_ca) }),
      },
      ...(smtp.user !== '' && { auth: { user: smtp.user, pass: smtp.password } }),
      connectionTimeout: greetingMs,
      greetingTimeout: greetingMs,
      dnsTimeout: greetingMs,
      socketTimeout: silenceMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    })

  return {
    async send(id, recipient, { subject, text }, signal) {
      const last = AbortSignal.timeout(sendMs)
      transport ??= await open()
      const { response } = await transport.sendMail({
        envelope: { from: from.address, to: [recipient] },
        from,
        to: { name: '', address: recipient },
        subject,
        text,
        messageId: `<${id}@${from.address.split('@').at(-1)}>`,
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        signal: signal ? AbortSignal.any([signal, last]) : last,
      })
      return response
    },
    close: () => transport?.close(),
  }
}
