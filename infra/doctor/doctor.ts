/** `mailgateway doctor`: looks at everything that a login needs. What it leaves is one row in the auth log. */
import { join } from 'node:path'
import { type Config, loadConfig } from '../../lib/runtime/config.ts'
import { askGateway, controlFile } from '../adapter/control-client.ts'
import { checkBackends } from './backends.ts'
import { checkClock } from './clock.ts'
import { checkConfiguration } from './configuration.ts'
import { checkDataFolder, mayUse } from './data-folder.ts'
import { checkDatabase, type Records } from './database.ts'
import { checkDns } from './dns.ts'
import { type Finding, fail, type Note, ok } from './finding.ts'
import { checkNginx } from './nginx.ts'
import { askAsNginx, checkTraffic } from './nginx-plane.ts'
import { checkRedis } from './redis.ts'
import { checkSecrets } from './secrets.ts'
import type { SelfCheck } from './self-check.ts'
import { checkSpool } from './spool.ts'

export interface Question {
  env: NodeJS.ProcessEnv
  cwd: string
  /** A file with the output of `nginx -T`. */
  nginxConf?: string
}

type Noting = (subject: string, look: () => Note[] | Promise<Note[]>) => Promise<void>

/** Never rejects: what keeps a group from looking is its finding. */
export async function examine({ env, cwd, nginxConf }: Question): Promise<Finding[]> {
  const findings: Finding[] = []
  const note: Noting = async (subject, look) => {
    const notes = await Promise.resolve().then(look).catch(notLooked)
    findings.push(...notes.map(each => ({ subject, ...each })))
  }

  const config = await tell(() => loadConfig({ env, cwd }))
  if (config instanceof Error) {
    await note('configuration', () => [
      fail(config.message, 'correct it: the gateway does not start with it'),
    ])
    return findings
  }
  const { settings } = config
  const asked = await tell(async () => askGateway(controlFile(config.dataDir), 'self-check', {}))
  const gateway = asked instanceof Error ? null : ((asked?.result as SelfCheck | undefined) ?? null)
  await note('configuration', () => checkConfiguration(config, gateway))
  await note('gateway', () => [asked instanceof Error ? notAsked(asked) : describeGateway(config, gateway)])
  if (gateway) await note('hot state', () => [describeHotState(gateway)])
  const { hotState } = config
  if (hotState.kind === 'redis') await note('redis', () => checkRedis(hotState.url, settings))
  const spoolFolder = join(config.dataDir, 'spool')
  if (config.database.kind === 'mysql')
    await note('spool', () => checkSpool(gateway?.spool ?? null, spoolFolder))
  const records = mayUse(config.dataDir) ? await examineData(config, gateway, note) : null
  if (records) {
    await note('backends', () => checkBackends(records.backends, settings.backend))
    await note('dns', () => checkDns(records.backends, settings.backend))
  }
  await note('nginx', () => checkNginx(settings, nginxConf))
  await note('logins', async () => [
    await askAsNginx(settings.auth_server),
    ...(records ? [checkTraffic(records.newestLoginAt)] : []),
  ])
  return findings
}

/** What lies in the data folder; a user who may not use it has been told so by the control socket. */
async function examineData(config: Config, gateway: SelfCheck | null, note: Noting): Promise<Records | null> {
  await note('data folder', () => checkDataFolder(config))
  await note('secrets', () => checkSecrets(config))
  const { notes, records } = await checkDatabase(config, gateway)
  await note('database', () => notes)
  await note('clock', () => checkClock({ newestAt: records?.newestAt ?? null, gateway }))
  return records
}

async function tell<T>(work: () => T | Promise<T>): Promise<T | Error> {
  try {
    return await work()
  } catch (error) {
    return error as Error
  }
}

function describeGateway({ dataDir }: Config, gateway: SelfCheck | null): Note {
  if (gateway) return ok(`running, process ${gateway.pid}`)
  return fail(`none is running with ${dataDir}`, 'start it: npm start')
}

function describeHotState({ hotState }: SelfCheck): Note {
  return hotState === null
    ? ok('it answers')
    : fail(`it does not answer: ${hotState}`, 'see the log of the gateway')
}

const notAsked = ({ message }: Error) =>
  fail(message, 'run the doctor as the user who runs the gateway; restart a gateway of another version')

const notLooked = ({ message }: Error): Note[] => [
  fail(`it cannot be looked at: ${message}`, 'run the doctor as the user who runs the gateway'),
]
