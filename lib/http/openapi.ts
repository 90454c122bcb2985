/** The document that tells programs what can be asked of the API, made from the operations themselves. */
import { z } from 'zod'
import packageJson from '../../package.json' with { type: 'json' }
import { type AnyOperation, operationsOf, splitRoute } from './operation.ts'
import { problemSchema } from './problem.ts'

type Json = Record<string, unknown>
type Io = 'input' | 'output'

/** What each status means for programs; a function may have further codes of its own. */
const problems: Record<number, { codes: string[]; description: string }> = {
  400: { codes: ['invalid'], description: 'What was sent is not valid; `errors` names each field.' },
  401: { codes: ['unauthorized'], description: 'No valid access token of a session in force.' },
  403: {
    codes: ['forbidden', 'password_change_required'],
    description: 'The role does not allow it, or the own password has to be changed first.',
  },
  404: { codes: ['not_found'], description: 'There is no such thing.' },
  409: { codes: ['conflict'], description: 'It exists already, or has changed since it was read.' },
  413: { codes: ['too_large'], description: 'The body is too large.' },
  415: { codes: ['unsupported_media_type'], description: 'The body is not application/json.' },
  429: { codes: ['rate_limited'], description: 'Too many requests; `Retry-After` says when to come again.' },
  503: {
    codes: ['database_away', 'hot_state_away'],
    description: 'A store cannot be reached; `Retry-After` says when to try again.',
  },
}

/** An OpenAPI 3.1 document. It holds no secret, and tells of the code only, never of the data. */
export function describeApi(operations: readonly AnyOperation<never>[]) {
  const schemas: Json = {}
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const { method, path } = splitRoute(operation.route)
    paths[path] = { ...paths[path], [method.toLowerCase()]: describeOperation(operation, schemas) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'MailGateway',
      version: packageJson.version,
      description:
        'Times are UTC milliseconds, durations milliseconds. Errors are RFC 9457 problems with a stable `code`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      responses: Object.fromEntries(
        Object.entries(problems).map(([status, { codes, description }]) => [
          `Problem${status}`,
          describeProblem(`${description} Codes: ${codes.join(', ')}.`, schemas),
        ]),
      ),
      schemas,
    },
  }
}

/** @param operations all but itself */
export function documentOperation<S>(operations: readonly AnyOperation<S>[]) {
  let document: { openapi: string } | undefined
  const own: AnyOperation<S> = operationsOf<S>()({
    route: 'GET /api/openapi.json',
    role: 'anyone',
    summary: 'This document.',
    answer: z.looseObject({ openapi: z.string() }),
    handle: () => (document ??= describeApi([...operations, own])),
  })
  return own
}

function describeOperation(operation: AnyOperation<never>, schemas: Json): Json {
  const { role, summary, query, body, maxBody } = operation
  const { method, path } = splitRoute(operation.route)
  return {
    operationId: nameOperation(method, path),
    summary,
    tags: [path.replace(/^\/(api\/)?/, '').split('/')[0] ?? ''],
    'x-role': role,
    security: role === 'anyone' ? [] : [{ bearer: [] }],
    parameters: [...describePath(operation, schemas), ...describeParameters('query', query, schemas)],
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { 'application/json': { schema: toSchema(body, 'input', schemas) } },
        ...(maxBody !== undefined && { description: `At most ${maxBody / 1024} KiB.` }),
      },
    }),
    responses: describeAnswers(operation, schemas),
  }
}

/** `GET /api/users/{name}/totp` is `getUsersByNameTotp`. */
function nameOperation(method: string, path: string): string {
  const words = path
    .replace(/^\/(api\/)?/, '')
    .split(/[/.-]/)
    .map(part => part.replace(/^\{(.*)\}$/, 'by_$1'))
    .flatMap(part => part.split('_'))
  return method.toLowerCase() + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function describePath({ route, path }: AnyOperation<never>, schemas: Json): Json[] {
  if (path) return describeParameters('path', path, schemas)
  return [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function describeParameters(place: 'path' | 'query', shape: z.ZodObject | undefined, schemas: Json): Json[] {
  return Object.entries(shape?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = toSchema(field as z.ZodType, 'input', schemas)
    return {
      name,
      in: place,
      required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success,
      ...(description !== undefined && { description }),
      schema,
    }
  })
}

function describeAnswers(operation: AnyOperation<never>, schemas: Json): Json {
  const { route, role, path, query, body, answer, contentType } = operation
  const isRead = route.startsWith('GET ')
  const status = operation.status ?? (answer || contentType !== undefined ? 200 : 204)
  const type = contentType ?? 'application/json'
  const schema = answer ? toSchema(answer, 'output', schemas) : { type: 'string' }
  const has: Record<number, boolean> = {
    400: true,
    401: role !== 'anyone',
    403: role !== 'anyone',
    404: route.includes('{') || body !== undefined,
    409: !isRead,
    413: body !== undefined,
    415: body !== undefined,
    429: true,
    503: true,
  }
  return {
    [status]: {
      description: path || query || body ? 'As asked.' : 'The answer.',
      headers: { 'X-Request-Id': { schema: { type: 'string' }, description: 'As in the log.' } },
      ...((answer || contentType !== undefined) && { content: { [type]: { schema } } }),
    },
    ...Object.fromEntries(
      Object.entries(has)
        .filter(([, does]) => does)
        .map(([code]) => [code, { $ref: `#/components/responses/Problem${code}` }]),
    ),
    default: describeProblem('What else may go wrong.', schemas),
  }
}

function describeProblem(description: string, schemas: Json): Json {
  const schema = toSchema(problemSchema, 'output', schemas)
  return { description, content: { 'application/problem+json': { schema } } }
}

/** Schemas with an id of their own (`.meta({ id: 'Mailbox' })`) go to the components, once. */
function toSchema(schema: z.ZodType, io: Io, components: Json): Json {
  const { $schema, $defs = {}, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  // What is taken may lack fields that what is answered always has.
  const isOther = (id: string, shared: unknown) =>
    components[id] !== undefined && JSON.stringify(components[id]) !== JSON.stringify(point(shared, id => id))
  const others = new Set(Object.keys($defs).filter(id => isOther(id, $defs[id])))
  const name = (id: string) => (others.has(id) ? `${id}${io === 'input' ? 'Input' : 'Output'}` : id)
  for (const [id, shared] of Object.entries($defs)) components[name(id)] = point(shared, name)
  return point(own, name)
}

/** @returns the same with its references at the components */
function point<T>(value: T, name: (id: string) => string): T {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) => {
    const [, id] = key === '$ref' ? (/^#\/\$defs\/(.+)$/.exec(String(inner)) ?? []) : []
    return id === undefined ? inner : `#/components/schemas/${name(id)}`
  }) as T
}
