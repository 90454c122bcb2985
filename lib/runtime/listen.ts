/** Opening and closing a listening server. */
import cluster from 'node:cluster'
import { chmodSync, rmSync, statSync } from 'node:fs'
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Server, type Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
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
export async function listen(server: Server, place: Place): Promise<void> {
  const { host, port, mode = 0o666 } = place
  const socket = socketOf(place)
  // A worker's socket is bound by its primary, which has looked before the first of them.
  if (!cluster.isWorker) await removeLeftover(place)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (error: NodeJS.ErrnoException) => reject(refuse(place, error.code, error)))
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
  // The primary's umask, which nobody has set for this, leaves less.
  if (cluster.isWorker && socket !== null) chmodSync(socket, mode)
}

/** @throws ConfigError when somebody answers there */
export async function removeLeftover(place: Place): Promise<void> {
  const socket = socketOf(place)
  if (socket === null || !statSync(socket, { throwIfNoEntry: false })?.isSocket()) return
  if (await isAnswered(socket)) throw refuse(place, 'EADDRINUSE')
  rmSync(socket, { force: true })
}

const socketOf = ({ host }: Place) => (host.startsWith('unix:') ? host.slice('unix:'.length) : null)

function refuse(place: Place, code: string | undefined, cause?: Error): ConfigError {
  const where = socketOf(place) ?? `${place.host}:${place.port}`
  return new ConfigError(`${place.setting}: cannot listen on ${where} (${code}); free it or choose another`, {
    cause,
  })
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
/** All of them, those in a TLS handshake included, which Node's own list does not know. */
const all = new WeakMap<Server, Set<Socket>>()

function trackConnections(server: Server): void {
  const sockets = new Set<Socket>()
  silent.set(server, sockets)
  const connected = new Set<Socket>()
  all.set(server, connected)
  const track = (set: Set<Socket>) => (socket: Socket) => {
    set.add(socket)
    socket.on('close', () => set.delete(socket))
  }
  server.on('connection', track(connected))
  // With TLS a request comes on another socket than the connection.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', track(sockets))
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    sockets.delete(request.socket)
    // A proxy that keeps its connections busy would never let a server that is closing go.
    if (!server.listening) response.shouldKeepAlive = false
    response.on('close', () => {
      if (!request.socket.destroyed) sockets.add(request.socket)
    })
  })
}

/** What is on its way when a server closes has arrived by then. */
const arrivalMs = 300

/** Takes no new connections, lets requests end, and cuts silent connections soon, the rest after `graceMs`. */
export async function closeGracefully(server: HttpServer, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  const cutSilent = setInterval(() => {
    for (const socket of silent.get(server) ?? []) socket.destroy()
  }, arrivalMs)
  const cutAll = setTimeout(() => {
    for (const socket of all.get(server) ?? []) socket.destroy()
  }, graceMs)
  await promise
  clearInterval(cutSilent)
  clearTimeout(cutAll)
}
