/** What a Redis server tells about itself, and why it may be of no use. */

export interface ServerFacts {
  /** Another one after each start, and on each server. */
  runId: string
  version: string
  mode: string
  role: string
  loading: boolean
  /** `maxmemory-policy` where there is a `maxmemory`, else null. */
  policy: string | null
}

const oldest = [6, 2]

/** @param info the answer to INFO */
export function readInfo(info: string): ServerFacts {
  const facts = new Map(info.split('\r\n').map(line => line.split(':', 2) as [string, string]))
  const read = (name: string) => facts.get(name) ?? ''
  return {
    runId: read('run_id'),
    version: read('redis_version'),
    mode: read('redis_mode'),
    role: read('role'),
    loading: read('loading') === '1',
    policy: read('maxmemory') === '0' ? null : read('maxmemory_policy'),
  }
}

/** Why this server cannot be used now; null = it can. One line that says what to do. */
export function refuseServer({ mode, role, version, loading }: ServerFacts): string | null {
  if (mode === 'cluster') {
    return 'this is a Redis Cluster, which cannot do several keys in one step; give a single server, or one behind Sentinel'
  }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < oldest[0]! || (major === oldest[0] && minor < oldest[1]!)) {
    return `Redis ${version} is too old; install ${oldest.join('.')} or newer`
  }
  if (role !== 'master') {
    return 'this is a replica, which cannot be written to; give the primary, or redis.sentinels'
  }
  return loading ? 'it is still loading its data; wait' : null
}

/** Why locks and counters could vanish before their time; null = they cannot. */
export const refusePolicy = ({ policy }: ServerFacts): string | null =>
  policy === null || policy === 'noeviction'
    ? null
    : `maxmemory-policy ${policy} may drop locks and counts of guesses when the memory is full; set maxmemory-policy noeviction`
