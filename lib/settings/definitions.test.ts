import { expect, test } from 'vitest'
import type { Definition } from './definition.ts'
import { definitions, settingKeys } from './definitions.ts'

test('every default is a value that its own type accepts, and prints back to an equal one', () => {
  for (const key of settingKeys) {
    const definition: Definition<unknown> = definitions[key]
    const value = definition.type.read(definition.default)
    expect(definition.type.read(definition.type.print(value)), key).toEqual(value)
  }
})

test('every setting has a sentence of help in both languages, and every secret is empty by default', () => {
  for (const key of settingKeys) {
    expect(definitions[key].help.en, key).toMatch(/^[A-Z].{5,80}\.$/)
    expect(definitions[key].help.zh, key).toMatch(/^(?=.*\p{Script=Han}).{5,60}。$/u)
    if (definitions[key].secret) expect(definitions[key].default, key).toBe('')
  }
})

test('what holds a secret by its name is marked as one', () => {
  const named = settingKeys.filter(key => /password$|[._]secret$/.test(key))
  expect(settingKeys.filter(key => definitions[key].secret)).toEqual(named)
})

test('what is needed before the database is open cannot be changed while the gateway runs, all else can', () => {
  const early =
    /^(server|auth_server|edge|database|redis|admin\.default_\w+|jwt\.secret|auth\.hash_threads|log\.(?!level|retention))/
  expect(settingKeys.filter(key => !definitions[key].live)).toEqual(
    settingKeys.filter(key => early.test(key)),
  )
})

test('no two settings share a row', () => {
  const names = settingKeys.map(key => (definitions[key] as Definition<unknown>).storedAs ?? key)
  expect(new Set(names).size).toBe(names.length)
})

test('rows of the original are understood', () => {
  const read = (key: 'admin.locked' | 'admin.totp', text: string) => definitions[key].type.read(text)
  expect(['1', '0', 'true', 'False'].map(text => read('admin.locked', text))).toEqual([
    true,
    false,
    true,
    false,
  ])
  expect(['1', '0', 'true', 'false'].map(text => read('admin.totp', text))).toEqual([
    'after_failures',
    'off',
    'after_failures',
    'off',
  ])
})
