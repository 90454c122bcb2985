/** Plants imports that the house forbids and expects the linter to see each of them. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'mailgateway-lint-'))
copyFileSync('biome.json', join(root, 'biome.json'))
afterAll(() => rmSync(root, { recursive: true }))

/** Lints a file with that one import, under the project's rules. */
function lint(path: string, specifier: string) {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `import { something } from '${specifier}'\n\nexport const planted = something\n`)
  const { status, stdout, stderr } = spawnSync('biome', ['lint', '--vcs-enabled=false', path], {
    cwd: root,
    encoding: 'utf8',
  })
  rmSync(file)
  return { status, output: stdout + stderr }
}

test.each([
  ['functions/nginx-auth/planted.ts', '../../infra/adapter/main.ts'],
  ['functions/nginx-auth/planted.ts', '../users/app.ts'],
  ['functions/nginx-auth/planted.ts', 'better-sqlite3'],
  ['functions/nginx-auth/planted.ts', 'ioredis'],
  ['lib/login/planted.ts', '../runtime/services.ts'],
  ['lib/login/planted.ts', '../../functions/nginx-auth/wire.ts'],
  ['lib/login/planted.ts', 'hono'],
  ['lib/mailbox/planted.ts', '../login/authenticate.ts'],
  ['lib/mailbox/planted.ts', '../original/take.ts'],
  ['lib/original/planted.ts', '../runtime/services.ts'],
  ['lib/backend/planted.ts', '../../infra/cli/main.ts'],
  ['lib/audit/planted.ts', 'mysql2'],
  ['lib/notify/planted.ts', '../mailbox/name.ts'],
  ['lib/notify/planted.ts', '../runtime/services.ts'],
  ['lib/backend/rules.ts', '../runtime/config.ts'],
  ['lib/planted.ts', './login/authenticate.ts'],
  ['lib/planted.ts', 'better-sqlite3'],
  ['lib/database/planted.ts', '../mailbox/name.ts'],
  ['lib/hot-state/planted.ts', '../login/rules.ts'],
  ['lib/settings/planted.ts', '../runtime/config.ts'],
  ['lib/runtime/planted.ts', '../../infra/adapter/gateway.ts'],
  ['infra/cli/planted.ts', 'better-sqlite3'],
])('%s must not import %s', (path, specifier) => {
  const { status, output } = lint(path, specifier)
  expect(output).toContain('noRestrictedImports')
  expect(status).not.toBe(0)
})

test.each([
  ['functions/nginx-auth/planted.ts', '../../lib/login/authenticate.ts'],
  ['lib/login/planted.ts', '../mailbox/name.ts'],
  ['lib/backend/rules.ts', '../mailbox/protocols.ts'],
  ['lib/notify/planted.ts', '../operation/record.ts'],
  ['lib/database/planted.ts', 'better-sqlite3'],
  ['infra/adapter/planted.ts', '../../lib/runtime/services.ts'],
])('%s may import %s', (path, specifier) => {
  expect(lint(path, specifier)).toMatchObject({ status: 0 })
})

test('rules decide and do nothing: they import types, other rules, and what computes', () => {
  const files = globSync('lib/*/rules.ts')
  expect(files.length).toBeGreaterThan(1)
  for (const file of files) {
    const imports = readFileSync(file, 'utf8').matchAll(/^import (?!type )(.*) from '(.*)'$/gm)
    for (const [line, names, specifier] of imports) {
      const onlyTypes = names!
        .replace(/[{}]/g, '')
        .split(',')
        .every(name => name.trim().startsWith('type '))
      if (!onlyTypes)
        expect(specifier, line).toMatch(/rules\.ts$|^\.\/reasons\.ts$|^node:(crypto|net)$|^ipaddr\.js$/)
    }
  }
})
