/**
 * The first process of a gateway with workers. It answers no login: it keeps the workers, owns the log files and the
 * control socket, and adds the workers' metrics up.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import type { Config } from '../../lib/runtime/config.ts'
import { removeLeftover } from '../../lib/runtime/listen.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { listenForCommands } from './control.ts'
import { controlFile } from './control-client.ts'
import { type Crew, startCrew } from './crew.ts'
import { failLogDescriptor, type Logs, passLines, sayWhereItListens } from './logs.ts'
import type { FromPrimary, FromWorker } from './messages.ts'
import { createSharedMetrics } from './shared-metrics.ts'

/**
 * Runs until SIGTERM or SIGINT, then lets every worker answer what has begun. SIGUSR2 exchanges the workers.
 * @throws ConfigError, or an Error when the workers do not live
 */
export async function runPrimary({ settings, dataDir }: Config, logs: Logs): Promise<void> {
  const log = createLog(settings.log.level, logs.app)
  // The system gives a connection to whichever worker is free; the other policy would send all of them through here.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({ stdio: ['ignore', 'pipe', 'inherit', 'ipc', 'pipe'] })
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const metrics = createSharedMetrics()
  let crew: Crew | undefined
  let isWelcomed = false

  // Commands go to the worker that answers longest, and wait for the first one.
  const commands: Socket[] = []
  const handOver = () => {
    const [worker] = crew?.ready() ?? []
    if (worker) for (const socket of commands.splice(0)) tell(worker, { kind: 'command' }, socket)
  }
  const control = createServer({ pauseOnConnect: true }, socket => {
    commands.push(socket)
    handOver()
  })
  // Heard from the start: by default it would end the process.
  process.on('SIGUSR2', () => void crew?.replaceAll())

  await listenForCommands(control, controlFile(dataDir))
  try {
    await removeLeftover({ ...settings.auth_server, setting: 'auth_server' })
    crew = await startCrew({
      size: settings.server.workers,
      log,
      onFork(worker) {
        passLines(worker.process.stdout!, logs.app)
        // The types know the first three only.
        passLines(worker.process.stdio[failLogDescriptor] as Socket, logs.fail)
        worker.on('message', async (message: FromWorker) => {
          if (message.kind === 'log level') log.level = message.level
          if (message.kind === 'own metrics') metrics.note(worker, message)
          if (message.kind !== 'all metrics wanted') return
          tell(worker, { kind: 'all metrics', question: message.question, text: await metrics.print() })
        })
      },
      onReady(worker, welcome) {
        metrics.add(worker)
        handOver()
        if (isWelcomed) return
        isWelcomed = true
        sayWhereItListens(log, settings)
        process.stderr.write(welcome)
      },
      onGone: metrics.remove,
    })
    handOver()
    const signal = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), crew.failure])
    log.info({ signal: signal[0] }, 'stopping')
    process.once('SIGINT', () => process.exit(130))
  } finally {
    control.close()
    await crew?.stop()
  }
  log.info('stopped')
}

function tell(worker: Worker, message: FromPrimary, socket?: Socket): void {
  worker.send(message, socket)
}
