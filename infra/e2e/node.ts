/** One of several gateways on the same data, in the test's own process, asked as nginx asks it. */
import type { Services } from '../../lib/runtime/services.ts'
import { nginxLines } from './ask.ts'
import { askApp } from './ask-app.ts'
import { openInProcess } from './in-process.ts'

export interface Node {
  services: Services
  /** `Auth-Status` of one login. @param changed services that take the place of the node's own */
  ask(user: string, password: string, changed?: Partial<Services>): Promise<string | null>
  close(): Promise<void>
}

export async function openNode(folder: string, settings: Record<string, string>): Promise<Node> {
  const env = { MAILGATEWAY_DATA_DIR: folder, MAILGATEWAY_AUTH_HASH_THREADS: '1', ...settings }
  const { services, close } = await openInProcess(env)
  return {
    services,
    async ask(user, password, changed) {
      const headers = await askApp({ ...services, ...changed }, nginxLines({ user, password }))
      return headers.get('Auth-Status')
    },
    close,
  }
}
