/** The real gateway, started as an administrator starts it, and its command line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Protocol } from '../../lib/mailbox/protocols.ts'
import { askGateway, controlFile } from '../adapter/control-client.ts'
import type { VerbName, VerbResult } from '../adapter/verbs.ts'
import { askTls } from './ask-tls.ts'
import { expectNoLeak, readServers, rememberCommand, rememberSecret } from './leaks.ts'
import { chooseFreePort } from './ports.ts'
import { isListening, type RunningProcess, startProcess } from './process.ts'
import { openStores, withSecret } from './stores.ts'

export interface CliResult {
  /** Exit code. */
  code: number | null
  stdout: string
  stderr: string
  /** What stdout holds as JSON when `--json` was among the arguments and there was an answer. */
  json: unknown
}

export interface Gateway extends RunningProcess {
  ports: { admin: number; nginx: number }
  folder: string
  /** Runs `mailgateway ARGS`, `input` (such as a password) on its stdin, against this gateway's data. */
  cli(args: string[], input?: string): Promise<CliResult>
  /** The same, and throws with its output when it does not exit with 0. */
  mustCli(args: string[], input?: string): Promise<CliResult>
  /**
   * Has this running gateway do a verb, over its control socket as its command line does, and without the half second that
   * a process takes to start. Throws what the gateway refuses, or an Error when it does not run.
   */
  do<Name extends VerbName>(verb: Name, input: object): Promise<VerbResult<Name>>
  /** One backend on 127.0.0.1 for each protocol that has a port. */
  addBackends(ports: Partial<Record<Protocol, number>>): Promise<void>
}

/** As `npm start` has it: less of what a login leaves behind is copied about by the garbage collector. */
const startFlags = ['--max-semi-space-size=64']
const command = fileURLToPath(new URL('../cli/mailgateway.js', import.meta.url))

/** Our environment without what would steer the gateway: the tests must not depend on the developer's own settings. */
function makeEnvironment(own: Record<string, string>): NodeJS.ProcessEnv {
  const steers = (name: string) => /^(MAILGATEWAY_|DATABASE_URL$|REDIS_URL$)/.test(name)
  const inherited = Object.entries(process.env).filter(([name]) => !steers(name))
  return { ...Object.fromEntries(inherited), ...withSecret(own) }
}

/** Starts `mailgateway ARGS`, for a test that ends it before its time. */
export function startCommand(settings: Record<string, string>, args: string[]): ChildProcess {
  return spawn(process.execPath, [command, ...args], { env: makeEnvironment(settings), stdio: 'ignore' })
}

/** Runs `mailgateway ARGS` in these settings, whether a gateway runs there or not. */
export function runCommand(
  settings: Record<string, string>,
  args: string[],
  limits: { mostKib?: number } = {},
): Promise<CliResult> {
  return runCli(makeEnvironment(settings), args, '', limits)
}

/** @param limits `mostKib`: no file can grow beyond it, as with a disk quota (EFBIG in place of EDQUOT) */
async function runCli(
  env: NodeJS.ProcessEnv,
  args: string[],
  input: string,
  { mostKib }: { mostKib?: number } = {},
): Promise<CliResult> {
  const { program, rest } = limit([process.execPath, command, ...args], mostKib)
  const child = spawn(program, rest, { env })
  const collected = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      collected[name] += chunk
    })
  }
  // A command that reads no input may be gone before it is written: its exit code tells what matters.
  child.stdin.on('error', () => child.stdin.destroy())
  child.stdin.end(input)
  await once(child, 'close')
  const hasJson = args.includes('--json') && collected.stdout !== ''
  return { code: child.exitCode, ...collected, json: hasJson ? JSON.parse(collected.stdout) : undefined }
}

function limit(line: string[], mostKib: number | undefined): { program: string; rest: string[] } {
  // What Node compiled is not to be what the disk is too full for.
  const script = `ulimit -f ${mostKib} && NODE_DISABLE_COMPILE_CACHE=1 exec "$@"`
  const limited = ['bash', '-c', script, 'bash', ...line]
  const [program = '', ...rest] = mostKib === undefined ? line : limited
  return { program, rest }
}

async function answersReady(port: number, ca: string | undefined): Promise<boolean> {
  if (ca !== undefined) return (await isListening(port)) && (await askTls(port, ca, '/readyz')).status === 200
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`)
    return response.status === 200
  } catch (error) {
    // Nobody listens yet.
    if (error instanceof TypeError) return false
    throw error
  }
}

/** '' when it does not listen any more, or on something else than this port. */
async function readMetrics(port: number, secret = ''): Promise<string> {
  if (!(await isListening(port))) return ''
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { 'X-Auth-Key': secret } })
    return await response.text()
  } catch (error) {
    // Ctrl-C in a terminal has reached it before us.
    if (error instanceof TypeError) return ''
    throw error
  }
}

/** The socket is there a moment after the gateway says that it is ready. */
const controlMs = 10_000

async function perform<Name extends VerbName>(
  folder: string,
  verb: Name,
  input: object,
): Promise<VerbResult<Name>> {
  if ('password' in input) rememberSecret(String(input.password))
  for (const deadline = Date.now() + controlMs; ; await sleep(20)) {
    const reply = await askGateway(controlFile(folder), verb, input)
    if (reply === null && Date.now() < deadline) continue
    if (reply === null) throw new Error(`${verb}: no gateway runs on ${folder}`)
    rememberCommand('', reply.result)
    return reply.result as VerbResult<Name>
  }
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1')

export interface GatewayOptions {
  /** Default: free ones. Give those of a stopped gateway to start it again behind the same nginx. */
  ports?: Gateway['ports']
  /** Further environment variables, such as MAILGATEWAY_LOG_LEVEL. */
  settings?: Record<string, string>
  /** As with `runCommand`. */
  mostKib?: number
}

/** Starts the gateway with its data in `folder`, made here if it is not there, and waits until it says it is ready. */
export async function startGateway(folder: string, options: GatewayOptions = {}): Promise<Gateway> {
  mkdirSync(folder, { recursive: true })
  const ports = options.ports ?? { admin: await chooseFreePort(), nginx: await chooseFreePort() }
  const places = await openStores(folder)
  const env = makeEnvironment({
    MAILGATEWAY_DATA_DIR: folder,
    ...places,
    MAILGATEWAY_SERVER_PORT: String(ports.admin),
    MAILGATEWAY_AUTH_SERVER_PORT: String(ports.nginx),
    ...options.settings,
  })
  const { program, rest } = limit([process.execPath, ...startFlags, command, 'start'], options.mostKib)
  const child = await startProcess({
    name: 'mailgateway',
    command: program,
    args: rest,
    env,
    isReady: () => answersReady(ports.admin, options.settings?.MAILGATEWAY_SERVER_TLS_CERT),
  })
  const cli = async (args: string[], input = '') => {
    const result = await runCli(env, args, input)
    rememberCommand(input, result.json)
    return result
  }
  const mustCli = async (args: string[], input = '') => {
    const result = await cli(args, input)
    if (result.code === 0) return result
    throw new Error(
      `mailgateway ${args.join(' ')} ended with ${result.code}: ${result.stderr}${result.stdout}`,
    )
  }
  const stop = async (signal?: NodeJS.Signals) => {
    const metrics = await readMetrics(ports.nginx, options.settings?.MAILGATEWAY_AUTH_SERVER_SECRET)
    await child.stop(signal)
    const elsewhere = await readServers(places)
    expectNoLeak(folder, { 'its output': latin1(child.output()), 'its metrics': metrics, ...elsewhere })
  }
  const addBackends: Gateway['addBackends'] = async backendPorts => {
    for (const [protocol, port] of Object.entries(backendPorts))
      await perform(folder, 'backend add', { protocol, host: '127.0.0.1', port })
  }
  return {
    ...child,
    ports,
    folder,
    cli,
    mustCli,
    do: (verb, input) => perform(folder, verb, input),
    addBackends,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
