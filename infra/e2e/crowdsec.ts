/** The real CrowdSec, once over a file, with our parser and scenario; setup.ts has unpacked it. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { chooseFreePort } from './ports.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../node_modules/.cache/crowdsec/', import.meta.url))
const ours = fileURLToPath(new URL('../../conf/crowdsec/', import.meta.url))
const program = (name: string) => join(root, 'usr/bin', name)

export interface Verdict {
  /** What reached the scenario, in the order of the file. */
  events: { address: string; user: string; time: string }[]
  /** Addresses that the scenario would ban. */
  overflows: string[]
}

/** @param folder empty; holds its configuration and database */
export async function judgeWithCrowdsec(logFile: string, folder: string): Promise<Verdict> {
  const config = await configure(folder)
  const url = `http://127.0.0.1:${config.port}/`
  const credentials = ['--password', 'of this test', '--url', url, '--file', config.credentials]
  await run(program('cscli'), ['-c', config.file, 'machines', 'add', 'test', '--force', ...credentials])
  // Our acquisition file, and all else that it reads, without doing anything.
  await run(program('crowdsec'), ['-c', config.file, '-t'])
  const dump = join(folder, 'dump')
  mkdirSync(dump)
  const source = ['-type', 'mailgateway', '-dsn', `file://${logFile}`, '-dump-data', dump]
  const { stdout, stderr } = await run(program('crowdsec'), ['-c', config.file, ...source], { cwd: folder })
  const poured: Record<string, { Meta: Record<string, string> }[]> = parse(
    readFileSync(join(dump, 'bucketpour-dump.yaml'), 'utf8'),
  )
  return {
    events: (poured['mailgateway/bruteforce'] ?? []).map(({ Meta }) => ({
      address: Meta.source_ip!,
      user: Meta.username!,
      time: Meta.timestamp!,
    })),
    overflows: [...`${stdout}${stderr}`.matchAll(/Ip (\S+) performed 'mailgateway\/bruteforce'/g)].map(
      ([, address]) => address!,
    ),
  }
}

async function configure(folder: string) {
  const inFolder = (name: string) => join(folder, name)
  for (const name of ['data', 'hub', 'notifications', 'plugins']) mkdirSync(inFolder(name))
  cpSync(join(root, 'etc/crowdsec'), folder, { recursive: true })
  for (const name of ['parsers', 'scenarios', 'acquis.d'])
    cpSync(join(ours, name), inFolder(name), { recursive: true })
  for (const [stage, parser] of [
    ['s00-raw', 'syslog-logs'],
    ['s02-enrich', 'dateparse-enrich'],
  ] as const) {
    const from = join(root, 'usr/share/crowdsec/hub/parsers', stage, 'crowdsecurity', `${parser}.yaml`)
    cpSync(from, join(folder, 'parsers', stage, `${parser}.yaml`))
  }
  const nothing = { parsers: {}, scenarios: {}, collections: {}, postoverflows: {} }
  writeFileSync(inFolder('hub/.index.json'), JSON.stringify(nothing))

  const [port, credentials, file] = [
    await chooseFreePort(),
    inFolder('credentials.yaml'),
    inFolder('config.yaml'),
  ]
  writeFileSync(credentials, '')
  const settings = {
    common: { daemonize: false, log_media: 'stdout', log_level: 'info', working_dir: folder },
    config_paths: {
      config_dir: folder,
      data_dir: inFolder('data'),
      simulation_path: inFolder('simulation.yaml'),
      hub_dir: inFolder('hub'),
      index_path: inFolder('hub/.index.json'),
      notification_dir: inFolder('notifications'),
      plugin_dir: inFolder('plugins'),
    },
    crowdsec_service: { acquisition_dir: inFolder('acquis.d'), parser_routines: 1 },
    db_config: { type: 'sqlite', db_path: inFolder('data/crowdsec.db') },
    api: {
      client: { credentials_path: credentials },
      server: { listen_uri: `127.0.0.1:${port}`, profiles_path: inFolder('profiles.yaml') },
    },
    prometheus: { enabled: false },
  }
  writeFileSync(file, stringify(settings))
  return { port, credentials, file }
}
