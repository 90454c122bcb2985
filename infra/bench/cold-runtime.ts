/** The Runtime API, for one instance after the other. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { chooseFreePort } from '../e2e/ports.ts'

export interface Instance {
  /** One at a time. @returns what the handler returned */
  ask(event: unknown): Promise<unknown>
  /** Milliseconds of processor that it has taken so far, all threads. */
  cpu(): number
  end(): Promise<void>
}

/** @param loop the runtime's program, in JavaScript */
export async function openRuntime(loop: string, settings: Record<string, string>) {
  let waiting: ServerResponse | undefined
  let event: unknown
  let answered: (result: unknown) => void
  const handOut = () => {
    if (waiting === undefined || event === undefined) return
    waiting.setHeader('Lambda-Runtime-Aws-Request-Id', 'request')
    waiting.setHeader('Lambda-Runtime-Deadline-Ms', String(Date.now() + 20_000))
    waiting.end(JSON.stringify(event))
    waiting = undefined
    event = undefined
  }
  const api = createServer(async (request, response) => {
    if (request.url!.endsWith('/next')) {
      waiting = response
      return handOut()
    }
    const result = await json(request)
    response.end()
    answered(result)
  })
  api.listen(await chooseFreePort(), '127.0.0.1')
  await once(api, 'listening')
  const { port } = api.address() as AddressInfo
  const env = { PATH: process.env.PATH ?? '', AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`, ...settings }

  return {
    /** Starts a process and waits for nothing. */
    start(bundle: string): Instance {
      const child = spawn(process.execPath, [loop, bundle], { env, stdio: ['ignore', 'ignore', 'inherit'] })
      let fail: (error: Error) => void = () => {}
      child.once('exit', code => fail(new Error(`${bundle} ended with ${code}`)))
      return {
        ask(asked) {
          const { promise, resolve, reject } = Promise.withResolvers<unknown>()
          answered = resolve
          fail = reject
          event = asked
          handOut()
          return promise
        },
        cpu() {
          const threads = `/proc/${child.pid}/task`
          const taken = readdirSync(threads).map(id => readFileSync(`${threads}/${id}/schedstat`, 'utf8'))
          return taken.reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1e6, 0)
        },
        async end() {
          child.kill('SIGKILL')
          await once(child, 'close')
          waiting = undefined
        },
      }
    },
    close() {
      api.closeAllConnections()
      api.close()
    },
  }
}
