/** One of the processes that answer for a gateway with workers; its primary keeps it. */
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from '../../lib/refusal.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { ConfigError } from '../../lib/runtime/config-error.ts'
import { createLog } from '../../lib/runtime/log.ts'
import type { ProcessMetrics } from '../../lib/runtime/metrics.ts'
import { createControl } from './control.ts'
import { startGateway } from './gateway.ts'
import { openWorkerLogs } from './logs.ts'
import type { FromPrimary, FromWorker } from './messages.ts'
import { welcome } from './welcome.ts'

/** Runs until its primary, or whoever sends SIGTERM or SIGINT, ends it; then it answers what has begun. */
export async function runWorker(config: Config): Promise<void> {
  const logs = openWorkerLogs(config.settings)
  const log = createLog(config.settings.log.level, logs.app)
  log.on('level-change', level => tell({ kind: 'log level', level }))
  try {
    const { services, stop } = await startGateway(config, log, {
      failLog: logs.fail,
      shareMetrics,
      openControl: async services => takeCommands(createControl(services)),
    })
    tell({ kind: 'ready', welcome: await welcome(services, config) })
    await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
    process.once('SIGINT', () => process.exit(130))
    await stop()
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof Refusal)) throw error
    tell({ kind: 'failed', why: error.message })
  } finally {
    cluster.worker?.disconnect()
  }
}

const tell = (message: FromWorker) => process.send?.(message)

/** Command connections come from the primary. @returns what takes no more of them and lets commands under way end */
function takeCommands(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>()
  const answers = new Set<ServerResponse>()
  server.on('request', (_request, answer: ServerResponse) => {
    answers.add(answer)
    answer.on('close', () => answers.delete(answer))
  })
  const take = (message: FromPrimary, socket?: Socket) => {
    if (message.kind !== 'command' || !socket) return
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    server.emit('connection', socket)
    socket.resume()
  }
  process.on('message', take)
  return async () => {
    process.off('message', take)
    await Promise.all([...answers].map(answer => once(answer, 'close')))
    for (const socket of sockets) socket.destroy()
  }
}

/** Tells the primary this process's figures whenever it wants them. @returns what asks it for those of all workers */
function shareMetrics(own: ProcessMetrics): () => Promise<string> {
  const questions = new Map<number, (text: string) => void>()
  let latest = 0
  process.on('message', async (message: FromPrimary) => {
    if (message.kind === 'own metrics wanted') {
      tell({ kind: 'own metrics', round: message.round, metrics: await own.values() })
    } else if (message.kind === 'all metrics') {
      questions.get(message.question)?.(message.text)
      questions.delete(message.question)
    }
  })
  return () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    latest += 1
    questions.set(latest, resolve)
    tell({ kind: 'all metrics wanted', question: latest })
    return promise
  }
}
