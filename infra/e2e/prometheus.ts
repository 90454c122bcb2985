/** A real Prometheus that scrapes a gateway every second and goes by the shipped alert rules. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseFreePort } from './ports.ts'
import { type RunningProcess, startProcess } from './process.ts'

export const alertsFile = fileURLToPath(new URL('../../conf/prometheus/alerts.yaml', import.meta.url))

export interface Prometheus extends RunningProcess {
  /** The result of a GET below /api/v1. Throws with Prometheus' own words when it refuses. */
  get(path: string, query?: Record<string, string>): Promise<unknown>
}

/** @param gateway port of its nginx listener, and the secret that is asked for there */
export async function startPrometheus(
  folder: string,
  gateway: { port: number; secret: string },
): Promise<Prometheus> {
  mkdirSync(folder)
  const port = await chooseFreePort()
  const [config, secretFile] = [join(folder, 'prometheus.yml'), join(folder, 'secret')]
  writeFileSync(secretFile, `${gateway.secret}\n`)
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [alertsFile],
      scrape_configs: [
        {
          job_name: 'mailgateway',
          authorization: { credentials_file: secretFile },
          static_configs: [{ targets: [`127.0.0.1:${gateway.port}`] }],
        },
      ],
    }),
  )
  const url = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ status }) => status === 200,
      () => false,
    )
  const child = await startProcess({
    name: 'prometheus',
    command: 'prometheus',
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    isReady,
  })
  return {
    ...child,
    async get(path, query = {}) {
      const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`)
      const { status, data, error } = (await response.json()) as Record<string, unknown>
      if (status !== 'success') throw new Error(`prometheus refused ${JSON.stringify(query)}: ${error}`)
      return data
    },
  }
}
