/** Something that somebody is to be told of by mail, and how often at most. */
import type { NoticeKind } from '../settings/notify-settings.ts'

export interface Notice {
  kind: NoticeKind
  /** UTC milliseconds. */
  time: number
  /** Canonical name of the mailbox it is about; '' = it is about none. */
  user: string
  /** Where it came from, an address or /64; '' = unknown, or from many. */
  address: string
  /** Likewise. */
  network: string
  /** Of an attack. */
  event: 'spraying' | 'stuffing' | ''
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

interface Rate {
  /** One per topic in this time. */
  everyMs: number
  /** So many of the kind for one recipient, whatever they are about. */
  mostPerDay: number
}

/** Whoever can provoke a notice must not be able to fill a mailbox with them. */
const rates: Record<NoticeKind, Rate> = {
  // A secret that is made again at once, because the first one got lost, is the same news.
  totp_enrolled: { everyMs: hourMs / 6, mostPerDay: 10 },
  // A lock lasts minutes, and strangers can bring about the next one at once.
  locked: { everyMs: hourMs, mostPerDay: 5 },
  // As long as a network stays familiar by default: who comes back to it is not new there.
  new_network: { everyMs: 30 * dayMs, mostPerDay: 5 },
  // One attack trips its counter again and again; many networks together are still one for those who read.
  attack: { everyMs: hourMs, mostPerDay: 20 },
}

/** Rows as old as that throttle nothing any more. */
export const throttledMs = Math.max(...Object.values(rates).map(({ everyMs }) => everyMs))

/** What notices of one kind to one recipient differ in. */
export function topicOf({ kind, network, user }: Notice): string {
  if (kind === 'new_network') return network
  return kind === 'attack' ? network || user : ''
}

interface Earlier {
  topic: string
  created_at: number
}

/** @param earlier notices of the same kind to the same recipient */
export function isTooMuch(notice: Notice, earlier: Earlier[], now: number): boolean {
  const { everyMs, mostPerDay } = rates[notice.kind]
  const topic = topicOf(notice)
  const since = (ms: number) => earlier.filter(({ created_at }) => created_at > now - ms)
  return since(everyMs).some(one => one.topic === topic) || since(dayMs).length >= mostPerDay
}
