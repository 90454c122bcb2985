/** Child processes of the tests: started, awaited until ready, stopped by their own pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface StartOptions {
  /** What to call the program in failure messages. */
  name: string
  command: string
  args: string[]
  /** The whole environment of the child; without it, ours. */
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Number of the user and group to run as; without it, ours. */
  uid?: number
  /** Asked again and again until it says true. */
  isReady: () => Promise<boolean>
  /** Milliseconds until the start counts as failed; default 60,000. */
  timeout?: number
}

export interface RunningProcess extends AsyncDisposable {
  pid: number
  /** Everything it has written to stdout and stderr so far. */
  output(): string
  /** Sends the signal (default SIGTERM), waits for the end; after 10 s of no effect SIGKILL. Twice is harmless. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** Whatever still runs when the test process ends is told to end too; SIGTERM, so that nginx and Dovecot take their workers along. */
const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGTERM')
})

/** Starts a program and resolves when it is ready. Throws with its output when it exits or takes too long. */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const { name, command, args, env, cwd, uid, isReady, timeout = 60_000 } = options
  const child = spawn(command, args, { env, cwd, uid, gid: uid, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const output = () => Buffer.concat(chunks).toString()
  await once(child, 'spawn')
  living.add(child)
  const ended = once(child, 'close').then(() => living.delete(child))

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (living.has(child)) child.kill(signal)
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(force)
  }

  const deadline = Date.now() + timeout
  while (!(await isReady())) {
    if (!living.has(child)) throw new Error(`${name} ended before it was ready:\n${output()}`)
    if (Date.now() > deadline) {
      await stop('SIGKILL')
      throw new Error(`${name} was not ready after ${timeout} ms:\n${output()}`)
    }
    await sleep(20)
  }
  return { pid: child.pid ?? 0, output, stop, [Symbol.asyncDispose]: stop }
}

/** Whether something accepts connections on this loopback port. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Process ids of those that it has started and that live, oldest first (proc(5)). */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Makes a program hang until SIGCONT, and resolves when all of its threads do. */
export async function hang(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  const states = () =>
    readdirSync(`/proc/${pid}/task`).map(
      thread => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ')[1]?.[0],
    )
  while (states().some(state => state !== 'T')) await sleep(1)
}
