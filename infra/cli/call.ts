/** Doing a verb: in the running gateway, or here, on its data folder, when none runs. */
import { loadConfig } from '../../lib/runtime/config.ts'
import { inlineHashing } from '../../lib/runtime/hash-inline.ts'
import { createLog } from '../../lib/runtime/log.ts'
import { openServices } from '../../lib/runtime/services.ts'
import { askGateway, runVerb } from '../adapter/control.ts'
import { controlFile, lockDatabase } from '../adapter/data-folder.ts'
import type { VerbName, VerbResult } from '../adapter/verbs.ts'

/** @throws Refusal, ConfigError, or an Error with the message of the part that failed */
export async function call<Name extends VerbName>(verb: Name, input: unknown): Promise<VerbResult<Name>> {
  const config = loadConfig({ env: process.env, cwd: process.cwd() })
  const reply = await askGateway(controlFile(config.dataDir), verb, input)
  if (reply) return reply.result as VerbResult<Name>

  const lock = lockDatabase(config)
  const services = await openServices(config, createLog({ level: 'warn', file_path: '' }), inlineHashing)
  try {
    return await runVerb(services, verb, input)
  } finally {
    await services.close()
    lock.release()
  }
}
