/** Doing a verb without a gateway: on the database itself, with its lock held. */
import type { Config } from '../../lib/runtime/config.ts'
import { inlineHashing } from '../../lib/runtime/hash-inline.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { openServices } from '../../lib/runtime/services.ts'
import { runNoting } from '../adapter/control.ts'
import { lockDatabase } from '../adapter/data-folder.ts'
import type { VerbName, VerbResult } from '../adapter/verbs.ts'

/** @throws Refusal, ConfigError, or the error of a part that failed */
export async function runLocally<Name extends VerbName>(
  config: Config,
  verb: Name,
  input: unknown,
): Promise<{ result: VerbResult<Name> | null; notice?: string }> {
  const lock = lockDatabase(config)
  try {
    const services = await openServices(config, createLog('warn'), { passwords: inlineHashing })
    try {
      return await runNoting(services, verb, input)
    } finally {
      await services.close()
    }
  } finally {
    lock.release()
  }
}
