/** Many mailboxes in a data folder before its gateway starts, through the gateway's own code, in seconds. */
import { compare, hash } from 'bcryptjs'
import { pino } from 'pino'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import type { Protocol } from '../../lib/mailbox/protocols.ts'
import { loadConfig } from '../../lib/runtime/config.ts'
import { bringUpSchema } from '../../lib/runtime/schema.ts'
import { openServices } from '../../lib/runtime/services.ts'
import { addBackends } from './in-process.ts'

export interface SeedUser {
  name: string
  /** Cost factor of the bcrypt hash: 4 is the least and takes about 1 ms, the gateway's own is 10. */
  cost: number
}

/** All seeded mailboxes have this password, each under a salt of its own, so no two share a computation. */
export const seedPassword = 'correct horse battery'

/** Makes the database in `folder`, with these mailboxes and one backend per protocol. No gateway may run there. */
export async function seedFolder(
  folder: string,
  users: readonly SeedUser[],
  backendPorts: Record<Protocol, number>,
  settings: Record<string, string> = {},
): Promise<void> {
  const config = loadConfig({ env: { MAILGATEWAY_DATA_DIR: folder, ...settings }, cwd: folder })
  const hashAt = (cost: number) => {
    const make = (password: string) => hash(password, cost)
    return { hash: make, verify: compare, hashInTurn: make }
  }
  const services = await openServices(config, pino({ level: 'silent' }), {
    passwords: hashAt(4),
    migrate: bringUpSchema,
  })
  try {
    await addBackends(services, backendPorts)
    for (const { name, cost } of users) {
      await addMailbox({ ...services, passwords: hashAt(cost) }, { name, password: seedPassword })
    }
  } finally {
    await services.close()
  }
}
