import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Definition, definitions, settingKeys } from './definitions.ts'

test('every default is a value that its own type accepts, and prints back to an equal one', () => {
  for (const key of settingKeys) {
    const definition: Definition<unknown> = definitions[key]
    const value = z.decode(definition.type, definition.default)
    expect(z.decode(definition.type, z.encode(definition.type, value)), key).toEqual(value)
  }
})

test('every setting has a sentence of help, and every secret is empty by default', () => {
  for (const key of settingKeys) {
    expect(definitions[key].help, key).toMatch(/^[A-Z].{5,80}\.$/)
    if (definitions[key].secret) expect(definitions[key].default, key).toBe('')
  }
})

test('what holds a secret by its name is marked as one', () => {
  const named = settingKeys.filter(key => /password$|\.secret$/.test(key))
  expect(settingKeys.filter(key => definitions[key].secret)).toEqual(named)
})
