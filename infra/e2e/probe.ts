/**
 * Loaded into the gateway's process before its own code (NODE_OPTIONS=--import): measures from inside what cannot be
 * seen from outside, and tells it to whoever connects to the socket that PROBE_SOCKET names.
 */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread, MessagePort } from 'node:worker_threads'

export interface Reading {
  /** Delay of the event loop's timers in ms, 99th percentile since the last reading. */
  p99Ms: number
  /** Passwords compared by the pool's threads since the last reading. */
  comparisons: number
}

/** What the pool sends to a thread that shall compare. */
const isComparison = (message: unknown) =>
  (message as { task?: { hash?: unknown } } | null)?.task?.hash?.constructor === String

function measure(socket: string): void {
  const resolution = 1
  const delays = monitorEventLoopDelay({ resolution })
  delays.enable()
  let comparisons = 0
  const send = MessagePort.prototype.postMessage
  MessagePort.prototype.postMessage = function (...parameters: Parameters<MessagePort['postMessage']>) {
    if (isComparison(parameters[0])) comparisons += 1
    send.apply(this, parameters)
  }
  const server = createServer(client => {
    // The histogram holds whole intervals between two timers, the planned one included.
    const reading: Reading = { p99Ms: delays.percentile(99) / 1e6 - resolution, comparisons }
    delays.reset()
    comparisons = 0
    client.end(JSON.stringify(reading))
  })
  server.listen(socket).unref()
  process.on('exit', code => writeFileSync(`${socket}.exit`, `${code}`))
}

const socket = process.env.PROBE_SOCKET
if (isMainThread && socket) measure(socket)
