/** The document of the API: valid by the standard, complete, and the same for everyone. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operations } from '../../functions/index.ts'
import { splitRoute } from '../../lib/http/operation.ts'
import { writeDocument } from '../build.ts'
import { type Api, openApi } from './api.ts'

let api: Api
// biome-ignore lint/suspicious/noExplicitAny: a document of any shape
let document: any
beforeAll(async () => {
  api = await openApi()
  document = (await api.ask('GET /api/openapi.json')).body
})
afterAll(() => api.close())

test('it is valid OpenAPI 3.1, and all its references lead somewhere', async () => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(structuredClone(document))
  expect([valid, errors]).toEqual([true, undefined])
  expect(validator.version).toBe('3.1')
  for (const [, path = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = path.split('/').reduce((part, name) => part?.[name], document)
    expect(found, path).toBeDefined()
  }
})

test('it names every operation with its role, and no two alike', () => {
  const described = operations.map(({ route, role }) => {
    const { method, path } = splitRoute(route)
    return [route, role, document.paths[path]?.[method.toLowerCase()]] as const
  })
  for (const [route, role, found] of described) {
    expect(found, route).toMatchObject({
      'x-role': role,
      security: role === 'anyone' ? [] : [{ bearer: [] }],
    })
    expect(found.summary, route).toMatch(/^[A-Z].*\.$/)
  }
  expect(new Set(described.map(([, , { operationId }]) => operationId)).size).toBe(operations.length)
})

test('it is what the build writes for the cloud', async () => {
  const dist = mkdtempSync(join(tmpdir(), 'mailgateway-openapi-'))
  await writeDocument(dist)
  const written = readFileSync(join(dist, 'openapi.json'), 'utf8')
  rmSync(dist, { recursive: true })
  expect(JSON.parse(written)).toEqual(document)
})
