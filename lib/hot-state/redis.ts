/**
 * The hot state in Redis, which several gateways share. Lists of concurrent calls go together: while one call of the
 * script is in flight the next batch gathers.
 */
import { createBatches } from '../batches.ts'
import { type Link, type LinkParts, openLink } from './link.ts'
import { type HotState, HotStateAway, HotStateFull, type Op, type Results, WrongKind } from './port.ts'
import { decode, encode } from './script.ts'

/** One call of the script. */
export interface CallReport {
  lists: number
  ms: number
  failed: boolean
}

export interface RedisParts extends Omit<LinkParts, 'tokenKey'> {
  /** What all keys begin with; behind it stands the generation, or `token`. */
  prefix: string
  onCall?: (call: CallReport) => void
}

interface Waiting {
  ops: readonly Op[]
  /** Undefined = any. */
  generation: number | undefined
  done: PromiseWithResolvers<unknown[]>
}

/** Other nodes wait for Redis meanwhile. */
const listsPerCall = 100
/** Bounds the memory: far more than can wait in the second that a call may take. */
const mostWaiting = 5_000

/** @throws RedisUnusable, one line, when the server cannot be reached or used */
export async function openRedisHotState({ prefix, onCall, ...parts }: RedisParts): Promise<HotState> {
  const link = await openLink({ ...parts, tokenKey: `${prefix}token` })

  const batches = createBatches<Waiting>(listsPerCall, async batch => {
    const startedAt = performance.now()
    const failed = await send(link, prefix, batch).then(
      () => false,
      error => {
        for (const { done } of batch) done.reject(error)
        return true
      },
    )
    onCall?.({ lists: batch.length, ms: performance.now() - startedAt, failed })
  })

  const enqueue = (ops: readonly Op[], generation: number | undefined) => {
    const why = link.awayBecause()
    if (why !== null) throw new HotStateAway(`Redis is away: ${why}`)
    if (batches.waiting() >= mostWaiting)
      throw new HotStateAway(`${mostWaiting} lists wait for Redis already`)
    const done = Promise.withResolvers<unknown[]>()
    batches.add({ ops, generation, done })
    return done.promise
  }

  const apply = async <const Ops extends readonly Op[]>(ops: Ops, generation?: number) =>
    (ops.length === 0 ? [] : await enqueue(ops, generation)) as Results<Ops>

  return {
    apply,
    generation: link.generation,
    wake: link.wake,
    async announce(ops) {
      try {
        await apply(ops)
        return 'delivered'
      } catch (error) {
        parts.log.warn({ err: error }, 'a change could not be announced: every copy is renewed instead')
        await link.raise()
        return 'renewed'
      }
    },
    async close() {
      link.close()
    },
  }
}

/** @throws HotStateAway when nothing of the batch, or nobody knows what, was done */
async function send(link: Link, prefix: string, batch: Waiting[]): Promise<void> {
  const generation = link.generation()
  const [current, past] = [[] as Waiting[], [] as Waiting[]]
  for (const each of batch)
    (each.generation ?? generation) === generation ? current.push(each) : past.push(each)
  for (const { done } of past) done.reject(new HotStateAway('every copy was renewed meanwhile'))
  if (current.length === 0) return
  const lists = current.map(({ ops }) => ops)
  const answers = decode(await link.run(encode(prefix + generation, lists)), lists)
  current.forEach(({ done }, i) => {
    const answer = answers[i]!
    if (typeof answer !== 'string') done.resolve(answer)
    else done.reject(explain(link, answer))
  })
}

/** What an error of a list means. */
function explain(link: Link, answer: string): Error {
  if (answer.startsWith('KIND '))
    return new WrongKind(`an operation does not fit the entry ${answer.slice(5)}`)
  if (answer.includes('OOM ')) return new HotStateFull('the memory of Redis is full: raise its maxmemory')
  if (answer.includes('READONLY ')) link.drop('the server has become a replica')
  return new HotStateAway(`Redis is away: ${answer}`)
}
