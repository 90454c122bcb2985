/** Telling a TLS port from a mail server that is silent or speaks something else. */
import { connect } from 'node:tls'
import type { Endpoint } from './greeting.ts'

/**
 * Sends a ClientHello and nothing more. A handshake that the server ends with an alert, because it wants a name or a
 * certificate, is TLS as well. Never rejects.
 */
export async function speaksTls(
  { address, port }: Pick<Endpoint, 'address' | 'port'>,
  timeoutMs: number,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  // Whose certificate it is does not matter here: nothing is told to it.
  const socket = connect({ host: address, port, rejectUnauthorized: false, timeout: timeoutMs })
  socket.on('secureConnect', () => resolve(true))
  socket.on('timeout', () => resolve(false))
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code?.includes('_ALERT_') ?? false))
  socket.on('close', () => resolve(false))
  const answer = await promise
  socket.destroy()
  return answer
}
