/** What the driver needs to know of a Redis, from the URL and the settings that name it. */
import { readFileSync } from 'node:fs'
import type { RedisOptions } from 'ioredis'
import { RedisUnusable } from './refusals.ts'

export interface RedisTarget {
  /** `redis://` or `rediss://`, with user, password, port, database and perhaps `?tls_ca=FILE`. */
  url: string
  /** With any, they tell where the primary is, and the host of the URL means nothing. */
  sentinels: { host: string; port: number }[]
  sentinelMaster: string
  sentinelPassword: string
}

/** @throws RedisUnusable when the file with the CA cannot be read */
export function toOptions({ url, sentinels, sentinelMaster, sentinelPassword }: RedisTarget): RedisOptions {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const encrypted = protocol === 'rediss:'
  const ca = readCa(searchParams.get('tls_ca'))
  const login = {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    db: Number(pathname.slice(1)),
  }
  if (sentinels.length === 0)
    return { ...login, host, port: Number(port), ...(encrypted && { tls: { ca, host } }) }
  return {
    ...login,
    sentinels,
    name: sentinelMaster,
    ...(sentinelPassword !== '' && { sentinelPassword }),
    ...(encrypted && { tls: { ca }, sentinelTLS: { ca }, enableTLSForSentinelMode: true }),
  }
}

function readCa(file: string | null): string | undefined {
  if (file === null) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new RedisUnusable(
      `redis.tls_ca: cannot read ${file} (${code}); name a PEM file that this user may read`,
      {
        cause: error,
      },
    )
  }
}
