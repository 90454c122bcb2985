/** The shipped Grafana board and alert rules, beside a gateway that serves logins and a real Prometheus. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { ask, nginxLines } from './ask.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Greeters, startGreeters } from './greeter.ts'
import { alertsFile, type Prometheus, startPrometheus } from './prometheus.ts'
import { type Scrape, scrape } from './scrape.ts'

interface Rule {
  alert: string
  expr: string
  annotations: { summary: string }
}
interface Panel {
  title: string
  targets?: { expr: string }[]
}

const boardFile = new URL('../../conf/grafana/mailgateway.json', import.meta.url)
const board: { panels: Panel[] } = JSON.parse(readFileSync(boardFile, 'utf8'))
const rules: Rule[] = parse(readFileSync(alertsFile, 'utf8')).groups[0].rules
/** As Grafana fills in the variables. */
const queries = board.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }): [string, string] => [
    title,
    expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m'),
  ]),
)
const expressions = [...queries, ...rules.map(({ alert, expr }): [string, string] => [alert, expr])]

const secret = 'secret-of-the-scrape'
const joe = { user: 'joe@example.com', password: 'correct horse battery' }
const folder = mkdtempSync(join(tmpdir(), 'mailgateway-monitoring-'))
let greeters: Greeters
let gateway: Gateway
let prometheus: Prometheus
let served: Scrape

beforeAll(async () => {
  greeters = await startGreeters()
  gateway = await startGateway(join(folder, 'data'), { settings: { MAILGATEWAY_AUTH_SERVER_SECRET: secret } })
  await gateway.addBackends(greeters.ports)
  await gateway.do('user add', { name: joe.user, password: joe.password })
  const lines = (password: string) => nginxLines({ ...joe, password }, { 'X-Auth-Key': secret })
  for (const password of [joe.password, joe.password, 'wrong']) {
    await ask(gateway.ports.nginx, lines(password))
  }
  served = await scrape(gateway.ports.nginx, secret)
  prometheus = await startPrometheus(join(folder, 'prometheus'), { port: gateway.ports.nginx, secret })
})
afterAll(async () => {
  await prometheus?.stop()
  await gateway?.stop()
  greeters?.close()
  rmSync(folder, { recursive: true })
})

test('promtool accepts the alert rules', () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', alertsFile], {
    encoding: 'utf8',
  })
  expect(stdout + stderr).toMatch(/SUCCESS: \d+ rules found/)
  expect(status).toBe(0)
})

test('the gateway shows every metric that the board and the rules name', () => {
  const shown = new Set([...served.series.keys()].map(name => name.replace(/\{.*/, '')))
  const named = expressions.flatMap(([, expr]) => expr.match(/\b(?:mailgateway|process|nodejs)_\w+/g) ?? [])
  expect(named.length).toBeGreaterThan(40)
  expect(named.filter(name => !shown.has(name))).toEqual([])
})

test.each(queries)('the panel %s has something to draw: %s', async (_, query) => {
  const drawn = async () =>
    ((await prometheus.get('query', { query })) as { result: unknown[] }).result.length
  await expect.poll(drawn, { timeout: 20_000 }).toBeGreaterThan(0)
})

test('Prometheus reads the gateway with the secret, and no rule of a healthy one fails or fires', async () => {
  const health = async () => {
    const { groups } = (await prometheus.get('rules')) as {
      groups: { rules: { name: string; health: string; state: string }[] }[]
    }
    return groups.flatMap(group => group.rules.map(({ name, health, state }) => [name, health, state]))
  }
  await expect.poll(health, { timeout: 20_000 }).toEqual(rules.map(({ alert }) => [alert, 'ok', 'inactive']))
  const { result } = (await prometheus.get('query', { query: 'up{job="mailgateway"}' })) as {
    result: { value: [number, string] }[]
  }
  expect(result.map(({ value }) => value[1])).toEqual(['1'])
})

/** What makes each alert fire, as series of one value per minute. */
const faults: Record<string, Record<string, string>> = {
  MailGatewayDown: { 'up{job="mailgateway"}': '0x60' },
  MailGatewayNoBackendUp: {
    'mailgateway_backend_up{state="active",protocol="imap",backend="a:1"}': '0x60',
    'mailgateway_backend_up{state="draining",protocol="imap",backend="b:1"}': '1x60',
    'mailgateway_backend_up{state="active",protocol="pop3",backend="a:2"}': '1x60',
  },
  MailGatewayBackendDown: {
    'mailgateway_backend_up{state="active",protocol="imap",backend="a:1"}': '0x60',
    'mailgateway_backend_up{state="active",protocol="imap",backend="b:1"}': '1x60',
  },
  MailGatewayTemporaryFailures: {
    'mailgateway_logins_total{reason="no_backend"}': '0+10x60',
    'mailgateway_logins_total{reason="ok"}': '0+100x60',
  },
  MailGatewayDatabaseAway: { mailgateway_database_up: '0x60' },
  MailGatewaySpoolWaits: { mailgateway_spool_rows: '5x60', mailgateway_database_up: '1x60' },
  MailGatewaySpoolFilling: { mailgateway_spool_bytes: '80x60', mailgateway_spool_limit_bytes: '100x60' },
  MailGatewayHashQueueFull: { mailgateway_hashes_refused_total: '0+1x60' },
  MailGatewayAuditSlow: { mailgateway_audit_queue_length: '2000x60' },
  MailGatewayEventLoopSlow: { nodejs_eventloop_lag_p99_seconds: '0.2x60' },
  MailGatewayAttackOnMailbox: { 'mailgateway_guessing_alerts_total{alert="stuffing"}': '0x50 1x10' },
  MailGatewayGuessing: { 'mailgateway_guessing_alerts_total{alert="spraying"}': '0x50 1x10' },
  MailGatewayRefusalsUnusual: {
    'mailgateway_logins_total{reason="wrong_password"}': '0+60x1440 86400+600x60',
  },
}

test('every alert fires at its fault, and no other one does', () => {
  expect(Object.keys(faults).sort()).toEqual(rules.map(({ alert }) => alert).sort())
  const cases = Object.entries(faults).map(([alert, series]) => {
    const also = alert === 'MailGatewayNoBackendUp' ? ['MailGatewayBackendDown'] : []
    return {
      name: alert,
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        {
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: alert === 'MailGatewayRefusalsUnusual' ? '1495m' : '55m',
          exp_samples: [alert, ...also].map(name => ({ labels: `{alertname="${name}"}`, value: 1 })),
        },
      ],
    }
  })
  const file = join(folder, 'cases.yaml')
  writeFileSync(file, stringify({ rule_files: [alertsFile], evaluation_interval: '1m', tests: cases }))
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' })
  expect(stdout + stderr).toMatch(/SUCCESS/)
  expect(status).toBe(0)
})

test('every command that an alert advises exists', async () => {
  const advised = rules.flatMap(
    ({ annotations }) => annotations.summary.match(/(?<="mailgateway )[a-z]+ [a-z]+/g) ?? [],
  )
  expect(new Set(advised).size).toBeGreaterThan(4)
  for (const command of new Set(advised)) {
    const { code, stdout } = await gateway.cli([...command.split(' '), '--help'])
    expect([command, code, stdout]).toEqual([command, 0, expect.stringContaining(`mailgateway ${command}`)])
  }
})
