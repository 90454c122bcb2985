/** Asking the admin listener over HTTPS, as somebody who trusts one certificate and no other. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'

export interface TlsAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** Of the certificate that was shown. */
  fingerprint: string
}

/** @param ca path of the certificate that is trusted @throws what the handshake fails with */
export async function askTls(
  port: number,
  ca: string,
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: object } = {},
): Promise<TlsAnswer> {
  const sent = body === undefined ? undefined : JSON.stringify(body)
  const asked = request({
    host: 'localhost',
    family: 4,
    port,
    path,
    method,
    agent: false,
    ca: readFileSync(ca),
    headers: { ...(sent !== undefined && { 'Content-Type': 'application/json' }), ...headers },
  })
  asked.end(sent)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const socket = response.socket as import('node:tls').TLSSocket
  const { fingerprint256: fingerprint } = socket.getPeerCertificate()
  return { status: response.statusCode!, headers: response.headers, text: await text(response), fingerprint }
}
