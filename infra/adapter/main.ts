/** `mailgateway start`: the gateway as a process of its own. */
import { once } from 'node:events'
import type { Config } from '../../lib/runtime/config.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { openLogFile } from '../../lib/runtime/log-file.ts'
import { startGateway } from './gateway.ts'
import { welcome } from './welcome.ts'

/** Runs until SIGTERM or SIGINT, then answers what has begun and resolves. A second signal ends at once. */
export async function runGateway(config: Config): Promise<void> {
  const settings = config.settings.log
  const open = (path: string, setting: string) =>
    path === '' ? undefined : openLogFile(path, settings, setting)
  const logFile = await open(settings.file_path, 'log.file_path')
  const failLog = await open(settings.auth_fail_path, 'log.auth_fail_path')
  const files = [logFile, failLog].filter(file => file !== undefined)
  // logrotate and the like send it when they have moved a file away. Without files, a closed terminal does: the end.
  if (files.length > 0) process.on('SIGHUP', () => files.map(file => file.reopen()))
  const log = createLog(settings.level, logFile)
  try {
    const { services, stop } = await startGateway(config, log, failLog)
    process.stderr.write(await welcome(services, config))
    const signal = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
    log.info({ signal: signal[0] }, 'stopping')
    process.once('SIGINT', () => process.exit(130))
    await stop()
    log.info('stopped')
  } finally {
    for (const file of files) await file.close()
  }
}
