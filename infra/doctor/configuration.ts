/** Whether the configuration is one, where it comes from, and whether the running gateway has the same. */
import { type Config, describeStores } from '../../lib/runtime/config.ts'
import { fail, type Note, ok, warn } from './finding.ts'
import type { SelfCheck } from './self-check.ts'

export function checkConfiguration(config: Config, gateway: SelfCheck | null): Note[] {
  const { auth, auth_server: ours } = config.settings
  const pinned = [...config.sources].filter(([, source]) => source.startsWith('environment '))
  const fromEnvironment =
    pinned.length > 0 ? `; from the environment: ${pinned.map(([key]) => key).join(', ')}` : ''
  const notes = [ok(`${config.configFile ?? 'no file, defaults only'}${fromEnvironment}`)]
  if (auth.hash_deadline >= auth.deadline) {
    const found =
      'auth.hash_deadline is not below auth.deadline: who waits for a hash too long is never told so'
    notes.push(warn(found, 'set auth.hash_deadline a second or two below auth.deadline'))
  }
  if (!gateway) return notes
  const advice = 'restart the gateway, or run the doctor with the environment that the gateway has'
  if (gateway.host !== ours.host || gateway.port !== ours.port) {
    const found = `the running gateway listens on ${place(gateway)}, this configuration says ${place(ours)}`
    notes.push(fail(found, advice))
  }
  const stores = describeStores(config)
  for (const name of ['DATABASE_URL', 'REDIS_URL'] as const) {
    const [theirs, here] = [gateway.stores[name], stores[name]].map(url => url || 'none')
    if (theirs !== here) {
      notes.push(fail(`${name} of the running gateway is ${theirs}, of this configuration ${here}`, advice))
    }
  }
  return notes
}

const place = ({ host, port }: { host: string; port: number }) =>
  host.startsWith('unix:') ? host : `${host}:${port}`
