/** A running gateway: its services, two listeners and the control socket. */
import cluster from 'node:cluster'
import { Server as TlsServer } from 'node:tls'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import { metrics as metricsFunction, nginxAuth, operations, tick } from '../../functions/index.ts'
import { createApi } from '../../lib/http/api.ts'
import { keepFollowing } from '../../lib/live-settings/keep-following.ts'
import { startPasswordUpgrade } from '../../lib/mailbox/upgrade.ts'
import { createAdminPlane } from '../../lib/runtime/admin-plane.ts'
import { readCertificate, watchCertificate } from '../../lib/runtime/certificate.ts'
import type { Config } from '../../lib/runtime/config.ts'
import { createHashPool } from '../../lib/runtime/hash-pool.ts'
import { limitShare } from '../../lib/runtime/hash-share.ts'
import { startJobs } from '../../lib/runtime/jobs.ts'
import { closeGracefully, listen } from '../../lib/runtime/listen.ts'
import { obeyLogLevel } from '../../lib/runtime/log.ts'
import { createProcessMetrics, type ProcessMetrics } from '../../lib/runtime/metrics.ts'
import { createNginxPlane } from '../../lib/runtime/node.ts'
import { bringUpSchema } from '../../lib/runtime/schema.ts'
import { openServices, type Services } from '../../lib/runtime/services.ts'
import { tellInFlight } from '../../lib/stats/in-flight.ts'
import { serveConsole } from './console.ts'
import { chooseSpool, lockDatabase } from './data-folder.ts'
import type { Lines } from './logs.ts'
import { readReadiness } from './readiness.ts'

export interface Gateway {
  services: Services
  /** Lets every login that has begun end with its answer, then closes everything. */
  stop(): Promise<void>
}

/** What a gateway of one process does by itself, and a worker of several with the help of its primary. */
export interface Surroundings {
  /** Takes the lines about refused attempts. */
  failLog?: Lines
  /** @returns what answers for the metrics of the whole gateway */
  shareMetrics(own: ProcessMetrics): () => Promise<string>
  /** Begins to take commands. @returns what ends that */
  openControl(services: Services): Promise<() => Promise<void>>
}

/** What a login may take beyond `auth.deadline`, and some. */
const settleMs = 3_000
export const graceMs = ({ auth }: Config['settings']) => auth.deadline + settleMs

/**
 * Starts everything, or nothing.
 * @throws ConfigError, Refusal, or the error of a part that failed
 */
export async function startGateway(
  config: Config,
  log: Logger,
  { failLog, shareMetrics, openControl }: Surroundings,
): Promise<Gateway> {
  const { server, auth_server, auth } = config.settings
  const grace = () => graceMs(config.settings)
  const certificate = readCertificate(server)
  const undo: (() => unknown)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const lock = lockDatabase(config)
    undo.push(() => lock.release())
    const metrics = createProcessMetrics()
    const passwords = createHashPool(auth, metrics, server.workers)
    undo.push(() => passwords.close())
    const spool = chooseSpool(config)
    const stopping = new AbortController()
    const opened = await openServices(config, log, {
      passwords,
      metrics,
      migrate: bringUpSchema,
      spool,
      worker: cluster.worker?.id,
    })
    const services = { ...opened, failLog, stopping: stopping.signal }
    undo.push(() => services.close())
    metrics.watch({ ...services, passwords })
    obeyLogLevel(services)
    undo.push(keepFollowing(services.liveSettings))
    services.backends.start()
    services.stats.start()
    undo.push(startJobs(services, tick.jobs(services)))
    undo.push(tellInFlight(services))
    // Before the first login asks: there may be a hundred thousand.
    await services.bans.standingOf('', null)

    const nginxPlane = createNginxPlane({
      app: nginxAuth
        .create(services)
        .route('/', metricsFunction.create({ ...services, printMetrics: shareMetrics(metrics) })),
      fallback: nginxAuth.fallback,
      answerUnparsed: packet => nginxAuth.answerUnparsed(services, packet),
      log,
    })
    await listen(nginxPlane, { host: auth_server.host, port: auth_server.port, setting: 'auth_server' })
    undo.push(() => closeGracefully(nginxPlane, grace()))
    const adminPlane = createAdminPlane({
      app: createAdminApp(services),
      certificate,
      proxies: server.trusted_proxies,
      log,
    })
    if (adminPlane instanceof TlsServer) undo.push(watchCertificate(adminPlane, server, log))
    await listen(adminPlane, { host: server.host, port: server.port, setting: 'server' })
    undo.push(() => closeGracefully(adminPlane, grace()))
    undo.push(() => stopping.abort())

    const upgrade = startPasswordUpgrade(services)
    undo.push(() => upgrade.stop())
    undo.push(await openControl(services))
    return { services, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The API, and beside it `/healthz`: the process answers. `/readyz`: logins can be decided, if need be those of remembered users only. */
function createAdminApp(services: Services): Hono {
  const { log } = services
  const app = createApi({ ...services, passwords: limitShare(services.passwords) }, operations)
  app.get('/healthz', c => c.json({ status: 'ok' }))
  app.get('/readyz', async c => {
    const { ready, ...parts } = await readReadiness(services)
    if (!ready) log.error(parts, 'not ready')
    return c.json({ status: ready ? 'ready' : 'not ready', ...parts }, ready ? 200 : 503)
  })
  serveConsole(app)
  return app
}
