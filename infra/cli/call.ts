/** Doing a verb: in the running gateway, or here when none runs. */
import { existsSync } from 'node:fs'
import { Refusal } from '../../lib/refusal.ts'
import { loadConfig } from '../../lib/runtime/config.ts'
import { askGateway, controlFile } from '../adapter/control-client.ts'
import type { VerbName, VerbResult } from '../adapter/verbs.ts'

/** What begins with nothing; for all else a mistyped folder must not be made just to find it empty. */
const makesFolder = / add$/

/** @throws Refusal, ConfigError, or an Error with the message of the part that failed */
export async function call<Name extends VerbName>(verb: Name, input: unknown): Promise<VerbResult<Name>> {
  const config = loadConfig({ env: process.env, cwd: process.cwd() })
  const reply = await askGateway(controlFile(config.dataDir), verb, input)
  if (reply) return tell<Name>(reply)
  if (!existsSync(config.dataDir) && !makesFolder.test(verb)) {
    throw new Refusal(
      'not_found',
      'MAILGATEWAY_DATA_DIR',
      `no gateway has run with ${config.dataDir} yet; start one there, or set MAILGATEWAY_DATA_DIR`,
    )
  }
  if (verb === 'try') process.stderr.write('no gateway is running: this is what the data folder alone says\n')
  // Most commands find a gateway and need none of what this loads.
  const { runLocally } = await import('./local.ts')
  return tell<Name>(await runLocally(config, verb, input))
}

function tell<Name extends VerbName>({
  result,
  notice,
}: {
  result: unknown
  notice?: string
}): VerbResult<Name> {
  if (notice !== undefined) process.stderr.write(`${notice}\n`)
  return result as VerbResult<Name>
}
