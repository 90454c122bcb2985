/** `RELAY_URL=https://… mailgateway start`: beside nginx, for a gateway that is a cloud function. */
import { once } from 'node:events'
import { Server as TlsServer } from 'node:tls'
import { Hono } from 'hono'
import { metrics as metricsFunction, nginxAuth } from '../../functions/index.ts'
import { createResolver } from '../../lib/backend/resolve.ts'
import { createAdminPlane } from '../../lib/runtime/admin-plane.ts'
import { readCertificate, watchCertificate } from '../../lib/runtime/certificate.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { closeGracefully, listen } from '../../lib/runtime/listen.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { createNginxPlane } from '../../lib/runtime/node.ts'
import { openLogs, sayWhereItListens } from '../adapter/logs.ts'
import { createRelay } from './app.ts'
import { type Cloud, createCloud } from './cloud.ts'
import { createMemory } from './memory.ts'
import { createRelayMetrics } from './metrics.ts'

/** A question that is under way has its answer by then. */
const graceMs = 10_000

/** Runs until SIGTERM or SIGINT, then answers what has begun and resolves. @throws ConfigError */
export async function runRelay({ settings, relayUrl }: Config & { relayUrl: URL }): Promise<void> {
  const { server, auth_server } = settings
  const logs = await openLogs(settings)
  const log = createLog(settings.log.level, logs.app)
  const undo: (() => unknown)[] = [() => logs.close()]
  try {
    const clock = Date.now
    const memory = createMemory(() => performance.now())
    const metrics = createRelayMetrics(memory.size)
    const cloud = createCloud({
      url: relayUrl,
      secret: settings.edge.secret[0]!,
      resolver: createResolver({ settings: settings.backend, clock }),
      clock,
      onCall: metrics.called,
    })
    undo.push(() => cloud.close())
    const { app, answerUnparsed } = createRelay({ cloud, memory, metrics, settings, clock, log })
    const nginxPlane = createNginxPlane({
      app: app.route('/', metricsFunction.create({ log, settings, printMetrics: metrics.print })),
      fallback: nginxAuth.fallback,
      answerUnparsed,
      log,
    })
    await listen(nginxPlane, { host: auth_server.host, port: auth_server.port, setting: 'auth_server' })
    undo.push(() => closeGracefully(nginxPlane, graceMs))
    const certificate = readCertificate(server)
    const adminPlane = createAdminPlane({ app: createHealth(cloud), certificate, proxies: [], log })
    if (adminPlane instanceof TlsServer) undo.push(watchCertificate(adminPlane, server, log))
    await listen(adminPlane, { host: server.host, port: server.port, setting: 'server' })
    undo.push(() => closeGracefully(adminPlane, graceMs))
    sayWhereItListens(log, settings)
    log.info({ url: relayUrl.href }, 'relaying')
    const signal = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
    log.info({ signal: signal[0] }, 'stopping')
    process.once('SIGINT', () => process.exit(130))
  } finally {
    for (const step of undo.splice(0).reverse()) await step()
  }
}

/** Each look is a call of the function; what is wrong is looked at more often. */
const lookAgainMs = { ready: 5_000, 'not ready': 1_000 }

/** `/healthz`: the process answers. `/readyz`: the function is there and takes our proof, as it was some seconds ago. */
function createHealth(cloud: Pick<Cloud, 'probe'>): Hono {
  let dueAt = Number.NEGATIVE_INFINITY
  let looking: Promise<string | null> | undefined
  let reason: string | null = null

  const look = async () => {
    reason = await cloud.probe().then(
      () => null,
      (error: Error) => error.message,
    )
    dueAt = performance.now() + lookAgainMs[reason === null ? 'ready' : 'not ready']
    looking = undefined
    return reason
  }

  const app = new Hono()
  app.get('/healthz', c => c.json({ status: 'ok' }))
  app.get('/readyz', async c => {
    if (performance.now() > dueAt) {
      looking ??= look()
      await looking
    }
    return reason === null
      ? c.json({ status: 'ready', gateway: 'it answers' })
      : c.json({ status: 'not ready', gateway: reason, reason }, 503)
  })
  return app
}
