/** Whether the gateway of this machine is ready, asked as monitoring asks it: what a container's health check runs. */
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { text } from 'node:stream/consumers'
import { Refusal } from '../../lib/refusal.ts'
import type { Config } from '../../lib/runtime/config.ts'

/** The gateway itself takes at most two to find out. */
const answerMs = 4_000

/** Who listens everywhere is asked where only this machine asks. */
const ownAddress: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/**
 * @returns what it says
 * @throws Refusal when it is not ready, with its words, or when it does not answer
 */
export async function askReady({ host, port, tls_cert }: Config['settings']['server']): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const refuse = (message: string) => reject(new Refusal('conflict', 'server', message))
  const request = tls_cert === '' ? requestPlain : requestTls
  const where = { host: ownAddress[host] ?? host, port, path: '/readyz' }
  // The certificate names the console's address, and this is not it; nothing secret goes there.
  const outgoing = request({ ...where, rejectUnauthorized: false, timeout: answerMs }, incoming => {
    text(incoming).then(said => (incoming.statusCode === 200 ? resolve(said) : refuse(said)), reject)
  })
  outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')))
  outgoing.on('error', error => refuse(`nothing answers on ${where.host}:${port} (${error.message})`))
  outgoing.end()
  return promise
}
