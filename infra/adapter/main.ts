/** `mailgateway start`: the gateway as a process of its own. */
import { once } from 'node:events'
import type { Config } from '../../lib/runtime/config.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { startGateway } from './gateway.ts'
import { welcome } from './welcome.ts'

/** Runs until SIGTERM or SIGINT, then answers what has begun and resolves. A second signal ends at once. */
export async function runGateway(config: Config): Promise<void> {
  const log = createLog(config.settings.log)
  const { services, stop } = await startGateway(config, log)
  process.stderr.write(await welcome(services, config))
  const signal = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  log.info({ signal: signal[0] }, 'stopping')
  process.once('SIGINT', () => process.exit(130))
  await stop()
  log.info('stopped')
}
