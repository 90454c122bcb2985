/** A private Redis on a loopback port and in a folder of its own. It saves only when it is told to. */
import { mkdirSync } from 'node:fs'
import { Redis } from 'ioredis'
import { chooseFreePort } from './ports.ts'
import { isListening, type RunningProcess, startProcess } from './process.ts'

export interface RedisServer extends RunningProcess {
  port: number
  folder: string
  /** What to give to REDIS_URL. */
  url: string
  /** One command, such as `['info', 'commandstats']`; the answer as text. */
  command(words: [string, ...string[]]): Promise<string>
}

const password = 'e2e-redis-password'

/**
 * @param folder where a dump lies; made here if it is not there
 * @param port of a stopped server that is to come back; default a free one
 * @param settings further options, such as `['--maxmemory', '10mb']`
 */
export async function startRedis(
  folder: string,
  port?: number,
  settings: string[] = [],
): Promise<RedisServer> {
  mkdirSync(folder, { recursive: true })
  const ownPort = port ?? (await chooseFreePort())
  const listening = ['--bind', '127.0.0.1', '--port', String(ownPort), '--requirepass', password]
  const child = await startProcess({
    name: 'Redis',
    command: '/usr/bin/redis-server',
    args: [...listening, '--dir', folder, '--save', '', '--appendonly', 'no', ...settings],
    isReady: () => isListening(ownPort),
  })
  const url = `redis://:${password}@127.0.0.1:${ownPort}/0`
  return { ...child, port: ownPort, folder, url, command: commandOf(url) }
}

/** Commands to a running one, also of another process. */
export function commandOf(url: string): RedisServer['command'] {
  return async ([name, ...args]) => {
    const client = new Redis(url)
    try {
      return String(await client.call(name, ...args))
    } finally {
      client.disconnect()
    }
  }
}

/** All keys with this prefix, and what they hold. */
export async function dumpRedis(url: string, prefix: string): Promise<string> {
  const client = new Redis(url)
  try {
    const found: string[] = []
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1_000 }))
      for (const key of keys) found.push(key, (await client.dumpBuffer(key))?.toString('latin1') ?? '')
    return found.join('\n')
  } finally {
    client.disconnect()
  }
}
