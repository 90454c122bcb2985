import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { definitions, settingKeys } from '../settings/definitions.ts'
import { parseConfigText } from './config-file.ts'

const shipped = readFileSync(new URL('../../conf/config.yaml', import.meta.url), 'utf8')

test('the file in the project holds every setting, in order, at its default, and nothing else', () => {
  const written = [...parseConfigText('conf/config.yaml', shipped)].map(([key, { text }]) => [key, text])
  expect(written).toEqual(settingKeys.map(key => [key, definitions[key].default]))
})

test('a comment stands above every section and every setting of that file', () => {
  const lines = shipped.split('\n')
  const isKey = (line: string) => /^ *\w+:/.test(line)
  expect(lines.filter(isKey)).toHaveLength(
    settingKeys.length + new Set(settingKeys.map(key => key.split('.')[0])).size,
  )
  expect(lines.filter((line, index) => isKey(line) && !/^ *# ./.test(lines[index - 1] ?? ''))).toEqual([])
})

test('texts come back as they were written', () => {
  const content = 'redis:\n  password: 0123\n  port: "6380"\n  host:\n  db: 0x1\ndatabase:\n  user: ~\nlog:\n'
  const read = [...parseConfigText('f', content)].map(([key, { text, place }]) => [key, text, place])
  expect(read).toEqual([
    ['redis.password', '0123', 'redis.password in f line 2'],
    ['redis.port', '6380', 'redis.port in f line 3'],
    ['redis.host', '', 'redis.host in f line 4'],
    ['redis.db', '0x1', 'redis.db in f line 5'],
    ['database.user', '', 'database.user in f line 7'],
  ])
})

test.each(['', '# only a comment\n', '---\n', '\ufeff# with a byte order mark\n'])(
  '%j holds no setting',
  content => {
    expect(parseConfigText('f', content).size).toBe(0)
  },
)

const invalid = 'not valid YAML; write `name: value`, and quotes around a value with special characters'

test.each([
  ['auth:\n\tfail_ttl: 60s\n', 'f line 2: a tab; indent with spaces'],
  [
    'auth:\n  fail_ttl: 60s\n lock_ttl: 60s\n',
    'f line 3: uneven indentation; begin all settings of a section in one column',
  ],
  [
    'auth:\n  fail_ttl: 1s\n  fail_ttl: 2s\n',
    'auth.fail_ttl in f line 3: written twice, first in line 2; keep one',
  ],
  ['log:\n  level: info\nlog:\n', 'log in f line 3: written twice, first in line 1; keep one'],
  ['auth:\n  fail_tll: 1s\n', 'auth.fail_tll in f line 2: unknown setting; did you mean auth.fail_ttl?'],
  [
    'auth:\n  colour: red\n',
    'auth.colour in f line 2: unknown setting; conf/config.yaml lists every setting',
  ],
  ['athu:\n  fail_ttl: 1s\n', 'athu in f line 1: unknown section; did you mean auth?'],
  ['mail:\n', 'mail in f line 1: unknown section; conf/config.yaml lists every setting'],
  ['"a\\nb": 1\n', '"a\\nb" in f line 1: unknown section; conf/config.yaml lists every setting'],
  ['auth: 60s\n', 'auth in f line 1: is a section; write its settings below it, indented'],
  ['auth:\n  fail_ttl: [60s]\n', 'auth.fail_ttl in f line 2: not a single value; write one text or number'],
  ['redis:\n  password: *q7Zk\n', 'redis.password in f line 2: not a single value; write one text or number'],
  ['redis:\n  password: !q7Zk x\n', `f line 2: ${invalid}`],
  ['redis:\n  password: |q7Zk\n', `f line 2: ${invalid}`],
  ['redis:\n  password: "q7Zk\n', `f line 3: ${invalid}`],
  ['redis:\n  password: @q7Zk\n', `f line 2: ${invalid}`],
  ['- auth\n', 'f line 1: no settings; write sections like `auth:` with settings below, indented'],
  ['60s\n', 'f line 1: no settings; write sections like `auth:` with settings below, indented'],
])('%j is refused in one line', (content, message) => {
  expect(() => parseConfigText('f', content)).toThrow(
    expect.objectContaining({ name: 'ConfigError', message }),
  )
})
