/** Real servers for tests: TCP greeters and a DNS server, on loopback ports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { chooseFreePort } from '../../infra/e2e/ports.ts'

/** @param port of 127.0.0.1; absent = a free one @returns the port */
export async function listen(server: Server, port?: number): Promise<number> {
  const own = port ?? (await chooseFreePort())
  server.listen(own, '127.0.0.1')
  await once(server, 'listening')
  return own
}

export interface Greeter extends AsyncDisposable {
  port: number
  /** That were made to it so far. */
  connections: number
  /** What clients said, all together. */
  heard: string
  stop(): Promise<void>
}

/** A server that says `greeting` to whoever comes, and no more; null = not even that. */
export async function startGreeter(greeting: string | null, port?: number): Promise<Greeter> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
    greeter.connections += 1
    socket.on('data', chunk => {
      greeter.heard += chunk.toString()
    })
    // Clients may reset; the test looks at their side.
    socket.on('error', () => socket.destroy())
    if (greeting !== null) socket.write(greeting)
  })
  async function stop(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  const greeter: Greeter = { port: 0, connections: 0, heard: '', stop, [Symbol.asyncDispose]: stop }
  greeter.port = await listen(server, port)
  return greeter
}

export interface NameServer {
  /** As `dnsServers` wants it. */
  server: string
  /** Serves these lines of a hosts file from now on. */
  serve(hosts: string): Promise<void>
  kill(): Promise<void>
}

/** dnsmasq (Debian package dnsmasq-base) with a time to live of one second. */
export async function startNameServer(hosts: string): Promise<NameServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-dns-'))
  const file = join(folder, 'hosts')
  const port = await chooseFreePort()
  const server = `127.0.0.1:${port}`
  let edition = 0
  const write = () => {
    edition += 1
    writeFileSync(file, `${hosts}\n127.0.0.9 edition${edition}.test\n`)
  }
  write()
  const daemon = spawn(
    'dnsmasq',
    [
      ...[
        '--no-daemon',
        '--conf-file=/dev/null',
        '--pid-file',
        '--no-resolv',
        '--no-hosts',
        '--local=/test/',
      ],
      ...['--listen-address=127.0.0.1', '--bind-interfaces', `--port=${port}`, '--local-ttl=1'],
      `--addn-hosts=${file}`,
    ],
    { stdio: 'ignore' },
  )
  await once(daemon, 'spawn')
  await waitForName(server, 'edition1.test', daemon)
  return {
    server,
    async serve(lines) {
      hosts = lines
      write()
      daemon.kill('SIGHUP')
      await waitForName(server, `edition${edition}.test`, daemon)
    },
    async kill() {
      if (daemon.exitCode !== null || daemon.signalCode !== null) return
      daemon.kill('SIGKILL')
      await once(daemon, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

async function waitForName(server: string, name: string, daemon: ChildProcess): Promise<void> {
  const resolver = new Resolver({ timeout: 200, tries: 1 })
  resolver.setServers([server])
  while (daemon.exitCode === null) {
    const found = await resolver.resolve4(name).catch((error: NodeJS.ErrnoException) => error.code)
    if (Array.isArray(found)) return
    await wait(20)
  }
  throw new Error(`dnsmasq ended with code ${daemon.exitCode}`)
}
