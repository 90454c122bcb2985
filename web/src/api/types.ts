/** What the API takes and answers, straight from its own declarations. Nothing of the server is here at run time. */
import type { z } from 'zod'
import type { api } from '../../../functions/index.ts'

type Operations = (typeof api)[keyof typeof api][number]
type Of<R extends Route> = Extract<Operations, { route: R }>
type Input<Schema> = [Schema] extends [never]
  ? undefined
  : Schema extends z.ZodType
    ? z.input<Schema>
    : undefined
type Part<Name extends string, Value> = undefined extends Value
  ? { [N in Name]?: Value }
  : // biome-ignore lint/complexity/noBannedTypes: the type of no fields at all
    {} extends Value
    ? { [N in Name]?: Value }
    : { [N in Name]: Value }

export type Route = Operations['route']

export type Answer<R extends Route> =
  NonNullable<Of<R>['answer']> extends z.ZodType ? z.output<NonNullable<Of<R>['answer']>> : undefined
export type Path<R extends Route> = Input<NonNullable<Of<R>['path']>>
export type Query<R extends Route> = Input<NonNullable<Of<R>['query']>>
export type Body<R extends Route> = Input<NonNullable<Of<R>['body']>>

/** What has to be given besides the route. */
export type Sent<R extends Route> = Part<'path', Path<R>> & Part<'query', Query<R>> & Part<'body', Body<R>>
