/** The backend that a person means. */
import type { BackendRow, Database } from '../database/schema.ts'
import { Refusal } from '../refusal.ts'
import type { Directory } from './directory.ts'
import type { BackendStatus } from './shapes.ts'
import { readBackends } from './snapshot.ts'

const shortestIdPart = 4

/**
 * Takes an id, the beginning or end of one (four characters or more), `protocol:host:port`, or `host:port`; the host
 * may stand in brackets.
 * @throws Refusal when no backend or more than one is meant; the message lists the candidates.
 */
export async function findBackend({ db }: { db: Database }, text: string): Promise<BackendRow> {
  const rows = await readBackends(db)
  const wanted = text.toLowerCase()
  const found = rows.filter(row => namesOf(row).includes(wanted) || isPartOfId(row.id, wanted))
  const [first, ...others] = found
  if (first === undefined) {
    throw new Refusal(
      'not_found',
      'backend',
      `no backend matches "${text}"; give an id, protocol:host:port or host:port`,
    )
  }
  if (others.length === 0) return first
  const candidates = found.map(row => `${row.id} (${row.protocol}:${row.host}:${row.port})`).join(', ')
  throw new Refusal(
    'invalid',
    'backend',
    `${found.length} backends match "${text}": ${candidates}; give more of the id, or protocol:host:port`,
  )
}

/** The backend with this id, and how it is. @throws Refusal if there is none */
export async function showBackend(
  { backends }: { backends: Pick<Directory, 'look'> },
  id: string,
): Promise<BackendStatus> {
  const found = (await backends.look()).find(backend => backend.id === id)
  if (found) return found
  throw new Refusal('not_found', 'id', `there is no backend with the id ${id}`)
}

function namesOf({ protocol, host, port }: BackendRow): string[] {
  const places = [`${host}:${port}`, `[${host}]:${port}`]
  return [...places, ...places.map(place => `${protocol}:${place}`)]
}

function isPartOfId(id: string, text: string): boolean {
  return text.length >= shortestIdPart && (id.startsWith(text) || id.endsWith(text))
}
