/** What real nginx prints, in the forms that people write. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { reachesUs, readAuthHttp } from './auth-http.ts'
import { readMailServers } from './nginx-dump.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-nginx-'))
afterAll(() => rmSync(folder, { recursive: true }))

const head = `load_module /usr/lib/nginx/modules/ngx_mail_module.so;
pid nginx.pid;
error_log error.log;
events { }
`

/** Lets nginx read these files, `nginx.conf` the first of them, and print them. */
function printed(files: Record<string, string>): string {
  for (const [name, text] of Object.entries({ ...files, 'nginx.conf': head + files['nginx.conf'] })) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const line = ['-T', '-p', `${folder}/`, '-c', join(folder, 'nginx.conf'), '-e', 'error.log']
  const { stdout, stderr, status } = spawnSync('/usr/sbin/nginx', line, { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, expect.stringContaining('test is successful')])
  // As `nginx -T > file 2>&1` leaves it.
  return stderr + stdout
}

test('files that are included by name and by pattern, quotes, comments, other blocks', () => {
  const servers = readMailServers(
    printed({
      'nginx.conf': `mail {
        auth_http "http://127.0.0.1:8090/api/auth"; # not { this
        auth_http_header X-Auth-Key 'a "quoted" } one';
        auth_http_header X-Front outer;
        include mail.d/*.conf;
        include mail.d/inner/one.txt;
      }
      # mail { server { listen 1; } }`,
      'mail.d/a.conf': 'server { listen 127.0.0.1:10143; listen 127.0.0.1:10144; protocol imap; }',
      'mail.d/b.conf': `server {
        protocol pop3; listen 127.0.0.1:10110;
        auth_http_header X-Front inner; auth_http_timeout 1m;
      }`,
      'mail.d/inner/one.txt': 'server { listen 127.0.0.1:10587; protocol smtp; smtp_auth plain; }',
      'mail.d/c.txt': 'server { listen 127.0.0.1:10999; protocol imap; }',
    }),
  )
  expect(servers.map(({ listens }) => listens)).toEqual([
    ['127.0.0.1:10143', '127.0.0.1:10144'],
    ['127.0.0.1:10110'],
    ['127.0.0.1:10587'],
  ])
  const [imap, pop3] = servers
  const args = (lines: { args: string[] }[]) => lines.map(line => line.args)
  expect(args(imap!.lines('auth_http'))).toEqual([['http://127.0.0.1:8090/api/auth']])
  const outer = [
    ['X-Auth-Key', 'a "quoted" } one'],
    ['X-Front', 'outer'],
  ]
  expect(args(imap!.lines('auth_http_header'))).toEqual(outer)
  expect(args(imap!.dropped('auth_http_header'))).toEqual([])
  expect(args(pop3!.lines('auth_http_header'))).toEqual([['X-Front', 'inner']])
  expect(args(pop3!.dropped('auth_http_header'))).toEqual(outer)
  expect(args(pop3!.lines('auth_http_timeout'))).toEqual([['1m']])
  expect(imap!.lines('auth_http_timeout')).toEqual([])
})

test('an nginx without mail, and what is no nginx', () => {
  expect(readMailServers(printed({ 'nginx.conf': '' }))).toEqual([])
  expect(() => readMailServers('')).toThrow('not what nginx -T prints')
  expect(() => readMailServers('# configuration file /x:\nmail {')).toThrow('braces do not close')
})

test.each([
  ['http://127.0.0.1:8090/api/auth', { host: '127.0.0.1', port: 8090, path: '/api/auth' }],
  ['127.0.0.1:8090/api/auth', { host: '127.0.0.1', port: 8090, path: '/api/auth' }],
  ['localhost/x?y=1', { host: 'localhost', port: 80, path: '/x' }],
  ['http://[::1]:9000/', { host: '::1', port: 9000, path: '/' }],
  ['http://unix:/run/gateway.sock:/api/auth', { host: 'unix:/run/gateway.sock', port: 0, path: '/api/auth' }],
  ['unix:/run/gateway.sock', { host: 'unix:/run/gateway.sock', port: 0, path: '/' }],
  ['https://127.0.0.1:8090/api/auth', null],
  ['', null],
])('auth_http %s', (text, expected) => {
  expect(readAuthHttp(text)).toEqual(expected)
})

test.each([
  ['127.0.0.1:8090', '127.0.0.1', true],
  ['127.0.0.1:8091', '127.0.0.1', false],
  ['127.0.0.2:8090', '127.0.0.1', false],
  ['127.0.0.1:8090', '0.0.0.0', true],
  ['127.0.0.1:8090', 'unix:/run/gateway.sock', false],
  ['unix:/run/gateway.sock', 'unix:/run/gateway.sock', true],
  ['unix:/run/other.sock', 'unix:/run/gateway.sock', false],
  ['192.0.2.1:8090', '0.0.0.0', false],
  ['gateway.invalid:8090', '127.0.0.1', false],
])('auth_http %s with a gateway on %s', async (text, host, expected) => {
  expect(await reachesUs(readAuthHttp(text)!, { host, port: 8090 })).toBe(expected)
})
