/** A backend's first line, for tests in which nobody logs in to it: enough for the health checks. */
import { startGreeter } from '../../lib/backend/test-servers.ts'
import type { Protocol } from '../../lib/mailbox/protocols.ts'

export interface Greeters {
  ports: Record<Protocol, number>
  close(): Promise<void>
}

export async function startGreeters(): Promise<Greeters> {
  const imap = await startGreeter('* OK ready\r\n')
  const pop3 = await startGreeter('+OK ready\r\n')
  const smtp = await startGreeter('220 ready\r\n')
  return {
    ports: { imap: imap.port, pop3: pop3.port, smtp: smtp.port },
    async close() {
      for (const greeter of [imap, pop3, smtp]) await greeter.stop()
    },
  }
}
