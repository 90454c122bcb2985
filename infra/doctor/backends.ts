/** Each backend as nginx will meet it: its name, its port, its first line. */
import { checkBackend } from '../../lib/backend/probe.ts'
import type { Probe } from '../../lib/backend/shapes.ts'
import type { BackendRow } from '../../lib/database/schema.ts'
import type { Settings } from '../../lib/settings/definitions.ts'
import { fail, type Note, ok, warn } from './finding.ts'

export async function checkBackends(backends: BackendRow[], settings: Settings['backend']): Promise<Note[]> {
  if (backends.length === 0) {
    return [
      warn(
        'there is none, so nobody can log in',
        'mailgateway backend add --protocol imap --host … --port 143',
      ),
    ]
  }
  const used = backends.filter(({ state }) => state !== 'off')
  const probes = await Promise.all(used.map(backend => checkBackend(backend, settings, Date.now)))
  return used.flatMap((backend, i) => judge(backend, probes[i]!))
}

function judge({ protocol, host, port, id }: BackendRow, { resolution, checks }: Probe): Note[] {
  const place = `${protocol} ${host}:${port}`
  if (resolution.addresses.length === 0) {
    const found = `${place}: the name has no address (${resolution.last_error})`
    return [fail(found, `correct it: mailgateway backend set ${id} --host …; or see the DNS servers`)]
  }
  const advice = `see whether that server runs and we may reach it; or correct it: mailgateway backend set ${id} --port …`
  const someGood = checks.some(({ outcome }) => outcome.kind === 'good')
  return checks.map(({ address, outcome }) => {
    const at = address === host ? place : `${place} (${address})`
    if (outcome.kind === 'good') return ok(`${at}: ${outcome.greeting}`)
    const note = someGood ? warn : fail
    return note(`${at}: ${outcome.error}`, advice)
  })
}
