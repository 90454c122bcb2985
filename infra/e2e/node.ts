/** One of several gateways on the same data, in the test's own process, asked as nginx asks it. */
import { createNginxAuth } from '../../functions/nginx-auth/app.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { nginxLines } from './ask.ts'
import { openInProcess } from './in-process.ts'

export interface Node {
  services: Services
  /** `Auth-Status` of one login. */
  ask(user: string, password: string): Promise<string | null>
  close(): Promise<void>
}

export async function openNode(folder: string, settings: Record<string, string>): Promise<Node> {
  const env = { MAILGATEWAY_DATA_DIR: folder, MAILGATEWAY_AUTH_HASH_THREADS: '1', ...settings }
  const { services, close } = await openInProcess(env)
  const app = createNginxAuth(services)
  return {
    services,
    async ask(user, password) {
      const headers = nginxLines({ user, password }).map(([name, value]): [string, string] => [name, value])
      return (await app.request('/api/auth', { headers })).headers.get('Auth-Status')
    },
    close,
  }
}
