/** The other side of a cloud function's runtime: hands out events and takes the results. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { chooseFreePort } from './ports.ts'

export interface FunctionInstance {
  pid: number
  /** @returns what the handler returned */
  invoke(event: unknown): Promise<unknown>
  close(): Promise<void>
}

const loop = fileURLToPath(new URL('./runtime-loop.ts', import.meta.url))

/**
 * Starts a bundle as the cloud does, in a process of its own.
 * @param timeoutMs what the platform grants a call
 */
export async function startFunction(
  bundle: string,
  env: Record<string, string>,
  timeoutMs = 20_000,
): Promise<FunctionInstance> {
  const results = new Map<string, PromiseWithResolvers<unknown>>()
  const events: { id: string; event: unknown }[] = []
  let poll: ServerResponse | undefined
  let serial = 0

  const handOut = () => {
    if (!poll || events.length === 0) return
    const { id, event } = events.shift()!
    poll.setHeader('Lambda-Runtime-Aws-Request-Id', id)
    poll.setHeader('Lambda-Runtime-Deadline-Ms', String(Date.now() + timeoutMs))
    poll.end(JSON.stringify(event))
    poll = undefined
  }
  const api = createServer(async (request, response) => {
    if (request.url?.endsWith('/next')) {
      poll = response
      handOut()
      return
    }
    const id = request.url!.split('/').at(-2)!
    results.get(id)?.resolve(await json(request))
    response.end()
  })
  api.listen(await chooseFreePort(), '127.0.0.1')
  await once(api, 'listening')
  const { port } = api.address() as AddressInfo

  const child: ChildProcess = spawn(process.execPath, [loop, bundle], {
    env: { PATH: process.env.PATH ?? '', AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = once(child, 'exit').then(() => {
    for (const { reject } of results.values()) reject(new Error('the function has ended'))
  })

  return {
    pid: child.pid!,
    invoke(event) {
      const id = `request-${serial++}`
      const result = Promise.withResolvers<unknown>()
      results.set(id, result)
      events.push({ id, event })
      handOut()
      return result.promise.finally(() => results.delete(id))
    },
    async close() {
      child.kill()
      await ended
      api.closeAllConnections()
      api.close()
    },
  }
}
