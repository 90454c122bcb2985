/** Plants imports that the house forbids and expects the linter to see each of them. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'mailgateway-lint-'))
copyFileSync('biome.json', join(root, 'biome.json'))
afterAll(() => rmSync(root, { recursive: true }))

type Import = readonly [path: string, specifier: string]

const forbidden: Import[] = [
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
]

const allowed: Import[] = [
  ['functions/nginx-auth/planted.ts', '../../lib/login/authenticate.ts'],
  ['lib/login/planted.ts', '../mailbox/name.ts'],
  ['lib/backend/rules.ts', '../mailbox/protocols.ts'],
  ['lib/notify/planted.ts', '../operation/record.ts'],
  ['lib/database/planted.ts', 'better-sqlite3'],
  ['infra/adapter/planted.ts', '../../lib/runtime/services.ts'],
]

/** Every path has a file with one line for each of its imports. */
const files = new Map<string, string[]>()

/** Where the import stands, as `path:line`. */
function plant([path, specifier]: Import): string {
  const lines = files.get(path) ?? []
  files.set(path, lines)
  const line = lines.push(`import { something as something${lines.length} } from '${specifier}'`)
  return `${path}:${line}`
}

/** Lints all files at once, under the project's rules. @returns what is complained of, by `path:line` */
function lint(): Map<string, string> {
  for (const [path, lines] of files) {
    const names = lines.map((_, line) => `something${line}`).join(', ')
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${lines.join('\n')}\n\nexport const planted = [${names}]\n`)
  }
  const options = ['--vcs-enabled=false', '--reporter=github', '--max-diagnostics=none']
  const { stdout } = spawnSync('biome', ['lint', ...options], { cwd: root, encoding: 'utf8' })
  const complaints = stdout.matchAll(/^::error title=([^,]+),file=([^,]+),line=(\d+),/gm)
  return new Map(
    [...complaints].map(([, rule = '', file = '', line]) => [`${relative(root, file)}:${line}`, rule]),
  )
}

const wrong = forbidden.map(each => [...each, plant(each)] as const)
const right = allowed.map(each => [...each, plant(each)] as const)
const complaints = lint()

test.each(wrong)('%s must not import %s', (_path, _specifier, place) => {
  expect(complaints.get(place)).toBe('lint/style/noRestrictedImports')
})

test.each(right)('%s may import %s', (_path, _specifier, place) => {
  expect(complaints.get(place)).toBeUndefined()
})

test('nothing else is complained of', () => {
  expect([...complaints.keys()].toSorted()).toEqual(wrong.map(([, , place]) => place).toSorted())
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
