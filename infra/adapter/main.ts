/** `mailgateway start`: the gateway as one process, or as a primary with workers. */
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { Config } from '../../lib/runtime/config.ts'
import { closeGracefully } from '../../lib/runtime/listen.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { createControl, listenForCommands } from './control.ts'
import { controlFile } from './control-client.ts'
import { graceMs, startGateway } from './gateway.ts'
import { type Logs, openLogs, sayWhereItListens } from './logs.ts'
import { runPrimary } from './primary.ts'
import { welcome } from './welcome.ts'
import { runWorker } from './worker.ts'

/** Runs until SIGTERM or SIGINT, then answers what has begun and resolves. A second signal ends at once. */
export async function runGateway(config: Config): Promise<void> {
  if (cluster.isWorker) return runWorker(config)
  const logs = await openLogs(config.settings)
  try {
    await (config.settings.server.workers > 1 ? runPrimary(config, logs) : runAlone(config, logs))
  } finally {
    await logs.close()
  }
}

async function runAlone(config: Config, logs: Logs): Promise<void> {
  const { settings, dataDir } = config
  const log = createLog(settings.log.level, logs.app)
  const file = controlFile(dataDir)
  const { services, stop } = await startGateway(config, log, {
    failLog: logs.fail,
    shareMetrics: own => own.print,
    async openControl(services) {
      const control = createControl(services)
      await listenForCommands(control, file)
      return () => closeGracefully(control, graceMs(settings))
    },
  })
  // The first administrator, whom the welcome makes, takes a moment in which one may be told to end.
  const ended = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  sayWhereItListens(log, settings)
  process.stderr.write(await welcome(services, config))
  const signal = await ended
  log.info({ signal: signal[0] }, 'stopping')
  process.once('SIGINT', () => process.exit(130))
  await stop()
  log.info('stopped')
}
