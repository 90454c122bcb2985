/** Free loopback ports for servers that cannot choose one themselves and report it. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Above the well-known ports, below 32768, where the kernel takes the local ends of outgoing connections. */
const lowest = 10_000
const highest = 32_767

/** A second loopback address; a claim held here does not stop the real server from binding 127.0.0.1. */
const claimHost = '127.77.0.1'

async function bind(host: string, port: number): Promise<Server | undefined> {
  const server = createServer()
  server.listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  }
}

/**
 * A TCP port on 127.0.0.1 that nobody listens on. The port stays claimed for the life of this process: test files
 * that run at the same time, each in its own process, never get the same one.
 */
export async function chooseFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(lowest, highest + 1)
    const claim = await bind(claimHost, port)
    if (!claim) continue
    claim.unref()
    const probe = await bind('127.0.0.1', port)
    if (!probe) {
      claim.close()
      continue
    }
    probe.close()
    await once(probe, 'close')
    return port
  }
  throw new Error(`no free port found between ${lowest} and ${highest} after 100 tries`)
}
