/** What can be asked of the API: each operation is declared once, for routing, roles, validation and documentation. */
import type { Context } from 'hono'
import type { z } from 'zod'
import type { Role } from '../admin/roles.ts'
import type { Session } from '../admin/sessions.ts'

type Shape = z.ZodObject | undefined
type Sent<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined

/** `anyone` needs no session. */
export type Access = Role | 'anyone'

export interface Asked<S, Path extends Shape, Query extends Shape, Body, Needed extends Access> {
  /** In the name of whoever asks. */
  services: S
  /** Found valid, and still as they were sent: verbs parse their input themselves. */
  path: Sent<Path>
  query: Sent<Query>
  body: Sent<Body>
  session: Needed extends 'anyone' ? null : Session
  c: Context
}

/** `GET /api/users/{name}` */
export type Route = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`

export interface Operation<
  S,
  R extends Route = Route,
  Path extends Shape = Shape,
  Query extends Shape = Shape,
  Body extends z.ZodType | undefined = z.ZodType | undefined,
  Answer extends z.ZodType | undefined = z.ZodType | undefined,
  Needed extends Access = Access,
> {
  route: R
  /** The least role. */
  role: Needed
  /** One line for people. */
  summary: string
  path?: Path
  query?: Query
  body?: Body
  /** Most bytes of the body; default 64 KiB. */
  maxBody?: number
  /** What is answered; absent = nothing (204), or the handler's own Response. */
  answer?: Answer
  /** Of success; default 200, or 204 without an answer. */
  status?: 200 | 201 | 202
  /** What a handler's own Response holds, such as `text/csv`. */
  contentType?: string
  /** The verb in the operation log, for what is refused; default: the route. */
  action?: string
  /** May be done by who has to change the password first. */
  beforePasswordChange?: true
  handle(asked: Asked<S, Path, Query, Body, Needed>): Promise<unknown> | unknown
}

/** An operation of any kind, as those who list them see it. */
export type AnyOperation<S> = Operation<S>

/** @returns what declares operations of a function with these services; they keep their types, for typed clients */
export function operationsOf<S>() {
  return function operation<
    const R extends Route,
    Path extends Shape = undefined,
    Query extends Shape = undefined,
    Body extends z.ZodType | undefined = undefined,
    Answer extends z.ZodType | undefined = undefined,
    Needed extends Access = Access,
  >(
    declared: Operation<S, R, Path, Query, Body, Answer, Needed>,
  ): Operation<S, R, Path, Query, Body, Answer, Needed> {
    return declared
  }
}

/** Method and path of a route. */
export function splitRoute(route: string): { method: string; path: string } {
  const [method = '', path = ''] = route.split(' ')
  return { method, path }
}
