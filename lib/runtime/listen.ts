/** Opening and closing a listening server. */
import { rmSync, statSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { ConfigError } from './config-error.ts'

export interface Place {
  /** Address, or `unix:/path` for a socket. */
  host: string
  port: number
  /** Mode of a socket's file. Default: everyone on the machine may connect, as to a loopback port. */
  mode?: number
  /** What to change when the place cannot be used. */
  setting: string
}

/**
 * Starts listening. A socket file that nobody answers on is left from an earlier process and is replaced.
 * @throws ConfigError, one line
 */
export async function listen(server: Server, { host, port, mode = 0o666, setting }: Place): Promise<void> {
  const socket = host.startsWith('unix:') ? host.slice('unix:'.length) : null
  const refuse = (code: string | undefined, cause?: Error) =>
    new ConfigError(
      `${setting}: cannot listen on ${socket ?? `${host}:${port}`} (${code}); free it or choose another`,
      {
        cause,
      },
    )
  if (socket !== null && statSync(socket, { throwIfNoEntry: false })?.isSocket()) {
    if (await isAnswered(socket)) throw refuse('EADDRINUSE')
    rmSync(socket, { force: true })
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (error: NodeJS.ErrnoException) => reject(refuse(error.code, error)))
  trackConnections(server)
  if (socket === null) server.listen(port, host, resolve)
  else {
    // Bound with its final mode: whoever connects in a moment of a wider one stays connected.
    const before = process.umask(0o777 & ~mode)
    server.listen(socket, resolve)
    process.umask(before)
  }
  await promise
  server.removeAllListeners('error')
}

async function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path, () => resolve(true))
  socket.on('error', () => resolve(false))
  const answered = await promise
  socket.destroy()
  return answered
}

/** Connections without a request under way, per server: Node's own list knows only those that had one before. */
const silent = new WeakMap<Server, Set<Socket>>()

function trackConnections(server: Server): void {
  const sockets = new Set<Socket>()
  silent.set(server, sockets)
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    sockets.delete(request.socket)
    response.on('close', () => {
      if (!request.socket.destroyed) sockets.add(request.socket)
    })
  })
}

/** What is on its way when a server closes has arrived by then. */
const arrivalMs = 300

/** Takes no new connections, lets requests end, and cuts silent connections soon, the rest after `graceMs`. */
export async function closeGracefully(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  const cutSilent = setInterval(() => {
    for (const socket of silent.get(server) ?? []) socket.destroy()
  }, arrivalMs)
  const cutAll = setTimeout(() => server.closeAllConnections(), graceMs)
  await promise
  clearInterval(cutSilent)
  clearTimeout(cutAll)
}
