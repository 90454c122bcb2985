/** Reading what was sent, and checking it against the schemas of an operation. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { AnyOperation } from './operation.ts'
import { type FieldError, HttpProblem } from './problem.ts'

export interface Sent {
  path: unknown
  query: unknown
  body: unknown
}

/** Fields at fault that are named; a body can have thousands of them. */
const mostNamed = 20

/**
 * @returns what was sent, of the query with numbers and booleans where the schema has them
 * @throws HttpProblem that names the fields at fault, and repeats no value
 */
export async function readSent(c: Context, operation: AnyOperation<never>): Promise<Sent> {
  const sent = {
    path: operation.path && c.req.param(),
    query: readQuery(c, operation.query),
    body: operation.body && (await readJson(c)),
  }
  const errors = (['path', 'query', 'body'] as const)
    .flatMap(part => check(operation[part], sent[part]))
    .slice(0, mostNamed)
  if (errors.length === 0) return sent
  const detail = errors.map(({ field, message }) => `${field} ${message}`.trim()).join('; ')
  throw new HttpProblem(400, 'invalid', detail, { errors })
}

function check(schema: z.ZodType | undefined, value: unknown): FieldError[] {
  if (!schema) return []
  const { error } = schema.safeParse(value)
  return (error?.issues ?? []).flatMap(({ path, message, ...issue }) => {
    const names = issue.code === 'unrecognized_keys' ? issue.keys : ['']
    return names.map(name => ({
      field: [...path.map(String), name].filter(part => part !== '').join('.'),
      message: issue.code === 'unrecognized_keys' ? 'is not known here' : message,
    }))
  })
}

async function readJson(c: Context): Promise<unknown> {
  const type = c.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new HttpProblem(415, 'unsupported_media_type', 'send the body as Content-Type: application/json')
  }
  try {
    return await c.req.json()
  } catch {
    throw new HttpProblem(400, 'invalid', 'the body is not valid JSON', {
      errors: [{ field: 'body', message: 'is not valid JSON' }],
    })
  }
}

/** A field that is there more than once, and is no list, fails its schema. */
function readQuery(c: Context, schema: z.ZodObject | undefined): unknown {
  const sent = new URL(c.req.url).searchParams
  if (!schema) {
    const [field] = sent.keys()
    if (field === undefined) return undefined
    throw new HttpProblem(400, 'invalid', `${field} is not known here`, {
      errors: [{ field, message: 'is not known here' }],
    })
  }
  return Object.fromEntries(
    [...new Set(sent.keys())].map(name => [name, readField(fieldOf(schema, name), sent.getAll(name))]),
  )
}

const fieldOf = ({ shape }: z.ZodObject, name: string): z.ZodType | undefined =>
  Object.hasOwn(shape, name) ? shape[name] : undefined

function readField(schema: z.ZodType | undefined, texts: string[]): unknown {
  const kind = schema && kindOf(schema)
  if (kind === 'array') return texts.flatMap(text => text.split(','))
  if (texts.length > 1) return texts
  const [text = ''] = texts
  if ((kind === 'integer' || kind === 'number') && /^-?\d{1,16}$/.test(text)) return Number(text)
  if (kind === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  return text
}

const kinds = new WeakMap<z.ZodType, string>()

/** The JSON type of what a schema takes; '' = several, or none. */
function kindOf(schema: z.ZodType): string {
  const known = kinds.get(schema)
  if (known !== undefined) return known
  const { type } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const kind = typeof type === 'string' ? type : ''
  kinds.set(schema, kind)
  return kind
}
