/** Where the circles of guessers at a user stand, as it is shown: the strangers, and each familiar network. */
import { z } from 'zod'
import { type CounterServices, readLocks } from './counters.ts'
import { circleOf, wrongKey } from './guessing.ts'
import { stuffingKey } from './strangers.ts'

const shutSchema = z.strictObject({ reason: z.enum(['many_networks', 'shut_to_strangers']), until: z.int() })

/** Where a circle of guessers stands: the strangers, or one familiar network. */
export const circleSchema = z.strictObject({
  network: z.string().nullable().describe('null = strangers.'),
  wrong: z.int(),
  limit: z.int(),
  locked_until: z.int().nullable().describe('UTC milliseconds; null = not locked.'),
  shut: shutSchema
    .nullable()
    .optional()
    .describe('Of strangers alone: why and until when they are shut out.'),
  networks_that_guessed: z.int().optional().describe('Of strangers alone.'),
})

/** Where the counters of a user stand, per circle; `network` null = strangers. */
export async function readCounters(
  services: CounterServices,
  name: string,
  networks: string[],
): Promise<z.infer<typeof circleSchema>[]> {
  const { hot, settings } = services
  const limit = settings.auth.max_fail_attempts
  return Promise.all(
    [null, ...networks].map(async network => {
      const circle = { name, network, familiar: network !== null }
      const [wrong, tried] = await hot.apply([
        { op: 'read', key: wrongKey(circleOf(circle)) },
        { op: 'read', key: stuffingKey(name) },
      ])
      const { locked_until, shut } = await readLocks(services, circle)
      const own = { network, wrong: Number(wrong), limit, locked_until }
      return network === null ? { ...own, shut, networks_that_guessed: Number(tried) } : own
    }),
  )
}
