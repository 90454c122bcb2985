/** Users of mail clients, seen from nginx: whether they got in, and who comes again when told to. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, nginxLines, type RawAnswer } from './ask.ts'
import { seedPassword } from './seed.ts'

/** `no`: the mail client would ask its user for another password. `later`: it tries again by itself. */
export type Verdict = 'yes' | 'no' | 'later'

const mostTries = 60

/** @throws an Error with the bytes when the answer is cut off or says nothing about the login */
export function readVerdict({ text, headers }: RawAnswer): Verdict {
  const status = headers['auth-status']
  if (!text.endsWith('\r\n\r\n') || status === undefined) throw new Error(`no whole answer: ${text}`)
  if (status === 'OK') return 'yes'
  return status.startsWith('[UNAVAILABLE]') ? 'later' : 'no'
}

/** One IMAP login with the right password, of a user made by `seedFolder`. */
export async function tryLogin(port: number, user: string, clientAddress = '192.0.2.7'): Promise<Verdict> {
  const lines = nginxLines({ user, password: seedPassword }, { 'Client-IP': clientAddress })
  return readVerdict(await ask(port, lines))
}

export interface Outcome {
  verdict: 'yes' | 'no'
  /** How often the user was told to come again before. */
  postponed: number
}

/** Tries until there is a last word. `pause` gives the milliseconds before each further try. */
export async function loginPatiently(port: number, user: string, pause: () => number): Promise<Outcome> {
  for (let postponed = 0; postponed < mostTries; postponed += 1) {
    const verdict = await tryLogin(port, user)
    if (verdict !== 'later') return { verdict, postponed }
    await sleep(pause())
  }
  throw new Error(`${user} was told to come again ${mostTries} times`)
}

/** Like Promise.all over `work(item)`, with at most `limit` of them under way. */
export async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  const takeNext = async () => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: limit }, takeNext))
  return results
}
