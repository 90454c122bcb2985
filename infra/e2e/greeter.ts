/** A backend's first line, for tests in which nobody logs in to it: enough for the health checks. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Protocol } from '../../lib/mailbox/protocols.ts'
import { chooseFreePort } from './ports.ts'

const greetings: Record<Protocol, string> = {
  imap: '* OK ready\r\n',
  pop3: '+OK ready\r\n',
  smtp: '220 ready\r\n',
}

export interface Greeters {
  ports: Record<Protocol, number>
  close(): void
}

export async function startGreeters(): Promise<Greeters> {
  const servers: Server[] = []
  const start = async (protocol: Protocol) => {
    const server = createServer(socket => {
      // A check may hang up at any time.
      socket.on('error', () => socket.destroy())
      socket.resume().end(greetings[protocol])
    })
    servers.push(server)
    const port = await chooseFreePort()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return port
  }
  return {
    ports: { imap: await start('imap'), pop3: await start('pop3'), smtp: await start('smtp') },
    close() {
      for (const server of servers) server.close()
    },
  }
}
