/** Doing verbs without a gateway: on the database itself, with its lock held. */
import type { Config } from '../../lib/runtime/config.ts'
import { inlineHashing } from '../../lib/runtime/hash-inline.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { bringUpSchema } from '../../lib/runtime/schema.ts'
import { openServices } from '../../lib/runtime/services.ts'
import { runNoting } from '../adapter/control.ts'
import { lockDatabase } from '../adapter/data-folder.ts'
import type { VerbName, VerbResult } from '../adapter/verbs.ts'

type Answer<Name extends VerbName> = { result: VerbResult<Name> | null; notice?: string }

/** @throws Refusal, ConfigError, or the error of a part that failed */
export async function runLocally<Name extends VerbName>(
  config: Config,
  verb: Name,
  input: unknown,
): Promise<Answer<Name>> {
  const local = await openLocal(config)
  try {
    return await local.run(verb, input)
  } finally {
    await local.close()
  }
}

export interface Local {
  run<Name extends VerbName>(verb: Name, input: unknown): Promise<Answer<Name>>
  close(): Promise<void>
}

/** For many verbs: the lock is held until `close`. @throws Refusal, ConfigError, or the error of a part that failed */
export async function openLocal(config: Config): Promise<Local> {
  const lock = lockDatabase(config)
  try {
    const services = await openServices(config, createLog('warn'), {
      passwords: inlineHashing,
      migrate: bringUpSchema,
    })
    return {
      run: (verb, input) => runNoting(services, verb, input),
      async close() {
        await services.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}
