/** Values for a JSON schema: such as fit it, and such as somebody makes who wants to break what reads them. */
import fc from 'fast-check'
import { z } from 'zod'

type Json = Record<string, unknown>

/** What a field gets that expects something else. Secrets among them, to be found again where they must not be. */
export const plantedSecret = 'Pl4nted-s3cret-value'
export const hostileValues: readonly unknown[] = [
  plantedSecret,
  '',
  ' ',
  'x'.repeat(4096),
  'a\0b',
  '\u202Egpj.exe',
  '😀👩‍👩‍👧',
  `'"\\;--`,
  '%_%',
  '=cmd|/c calc!A1',
  '../../etc/passwd',
  '\r\nSet-Cookie: a=b',
  '__proto__',
  'constructor',
  '\uD800',
  null,
  true,
  -1,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  [],
  [[[[[[]]]]]],
  {},
  JSON.parse('{"__proto__":{"role":"superadmin"}}'),
  JSON.parse(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`),
]

export const hostile: fc.Arbitrary<unknown> = fc.constantFrom(...hostileValues)

/** Fits the schema as far as JSON Schema can say it. */
export function fitting(schema: z.ZodType): fc.Arbitrary<unknown> {
  const { $defs = {}, ...own } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json & {
    $defs?: Record<string, Json>
  }
  return fitJson(own, $defs, 0)
}

const formats: Record<string, fc.Arbitrary<string>> = {
  uuid: fc.uuid(),
  email: fc.constant('joe@example.org'),
}

function fitJson(schema: Json, defs: Record<string, Json>, depth: number): fc.Arbitrary<unknown> {
  const inner = (other: unknown) => fitJson((other ?? {}) as Json, defs, depth + 1)
  const {
    type,
    properties = {},
    required = [],
    minimum,
    maximum,
  } = schema as {
    type?: string | string[]
    properties?: Record<string, Json>
    required?: string[]
    minimum?: number
    maximum?: number
  }
  if (depth > 8) return fc.constant(null)
  if (typeof schema.$ref === 'string') return inner(defs[schema.$ref.split('/').at(-1)!])
  if ('const' in schema) return fc.constant(schema.const)
  for (const listed of [schema.enum, schema.examples])
    if (Array.isArray(listed) && listed.length > 0) return fc.constantFrom(...listed)
  for (const choices of [schema.anyOf, schema.oneOf])
    if (Array.isArray(choices)) return fc.oneof(...choices.map(inner))
  if (Array.isArray(schema.allOf)) return inner(schema.allOf[0])
  if (Array.isArray(type)) return fc.oneof(...type.map(one => inner({ ...schema, type: one })))
  if (type === 'object') {
    const fields = Object.entries(properties).map(([name, field]) => [name, inner(field)] as const)
    return fc.record(Object.fromEntries(fields), { requiredKeys: required as never[] })
  }
  if (type === 'array') {
    const maxLength = Math.min(Number(schema.maxItems ?? 3), 3)
    return fc.array(inner(schema.items), {
      minLength: Math.min(Number(schema.minItems ?? 0), maxLength),
      maxLength,
    })
  }
  if (type === 'integer' || type === 'number') {
    const [min, max] = [Math.max(minimum ?? 0, -1e12), Math.min(maximum ?? 1e12, 1e12)]
    return fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.max(min, Math.min(max, 2 ** 31 - 1)) })
  }
  if (type === 'boolean') return fc.boolean()
  if (type === 'null') return fc.constant(null)
  if (type !== 'string') return hostile
  const format = formats[String(schema.format)]
  if (format) return format
  // Of the classes of Unicode fast-check can make some only.
  if (typeof schema.pattern === 'string' && !/\\p/i.test(schema.pattern))
    return fc.stringMatching(new RegExp(schema.pattern, 'u'))
  const maxLength = Math.min(Number(schema.maxLength ?? 20), 40)
  return fc.string({
    unit: 'binary',
    minLength: Math.min(Number(schema.minLength ?? 0), maxLength),
    maxLength,
  })
}

/** An object whose fields are right, wrong, missing or too many. */
export function spoiled(schema: z.ZodType): fc.Arbitrary<unknown> {
  const spoil = fc.record({
    fits: fitting(schema),
    name: fc.nat(),
    value: hostile,
    how: fc.constantFrom('wrong', 'more', 'less', 'all'),
  })
  return spoil.map(({ fits, name, value, how }) => {
    if (how === 'all' || typeof fits !== 'object' || fits === null || Array.isArray(fits)) return value
    const names = Object.keys(fits)
    const chosen = names[name % Math.max(names.length, 1)] ?? 'id'
    if (how === 'less') return Object.fromEntries(Object.entries(fits).filter(([own]) => own !== chosen))
    return {
      ...fits,
      [how === 'wrong'
        ? chosen
        : (['id', 'role', 'version', 'password_hash', 'constructor'][name % 5] ?? 'id')]: value,
    }
  })
}
