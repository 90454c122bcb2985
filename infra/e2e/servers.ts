/** The MariaDB and the Redis that all test files of one run share; vitest starts them before the first. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startMariadb } from './mariadb.ts'
import { startRedis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    mariadb: { folder: string; port: number }
    redis: { port: number; url: string }
  }
}

export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgateway-servers-'))
  // For the hundreds of gateways and command lines that the tests start: it is half of what a start costs.
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled')
  const [mariadb, redis] = await Promise.all([
    startMariadb(join(folder, 'mariadb'), undefined, ['--max-connections=500']),
    startRedis(join(folder, 'redis'), undefined, ['--databases', '16']),
  ])
  project.provide('mariadb', { folder: mariadb.folder, port: mariadb.port })
  project.provide('redis', { port: redis.port, url: redis.url })
  return async () => {
    await Promise.all([mariadb.stop(), redis.stop()])
    rmSync(folder, { recursive: true })
  }
}
