/** Refusals that hold for a while: an attack on a banned network, or on a locked mailbox, is not worth a call each. */
import { createPrefixMap } from '../../lib/ban/prefix-map.ts'
import { type Prefix, parsePrefix } from '../../lib/ban/rules.ts'
import type { HeldReason, Hold } from '../../lib/edge/hold.ts'
import { canonicalName } from '../../lib/mailbox/name.ts'

export interface Memory {
  /** @param user as the client sent it */
  note(hold: Hold, user: string): void
  /** Why this attempt would be refused again; null = as far as is known it would not. */
  find(address: string, user: string): HeldReason | null
  size(): number
}

interface Held {
  reason: HeldReason
  /** '' = holds for all. */
  name: string
  endsAt: number
}

/** An attacker with that many networks costs calls again, and no more memory. */
const most = 10_000

/** @param steady milliseconds that only ever go forward */
export function createMemory(steady: () => number): Memory {
  const byPrefix = createPrefixMap<Held>()
  /** The oldest first. */
  const all = new Map<string, { prefix: Prefix; name: string; endsAt: number }>()

  const forget = (key: string) => {
    const held = all.get(key)
    if (held) byPrefix.delete(held.prefix, held.name)
    all.delete(key)
  }

  const makeRoom = () => {
    const now = steady()
    for (const [key, { endsAt }] of all) {
      if (endsAt > now && all.size < most) return
      forget(key)
    }
  }

  return {
    note({ reason, prefix: text, ofUser, ms }, user) {
      const prefix = parsePrefix(text)
      if (prefix === null) return
      const name = ofUser ? nameOf(user) : ''
      const key = `${prefix.text} ${name}`
      forget(key)
      makeRoom()
      const endsAt = steady() + ms
      byPrefix.set(prefix, name, { reason, name, endsAt })
      all.set(key, { prefix, name, endsAt })
    },
    find(address, user) {
      const now = steady()
      const name = nameOf(user)
      const held = byPrefix
        .find(address)
        .find(each => each.endsAt > now && (each.name === '' || each.name === name))
      return held?.reason ?? null
    },
    size: () => all.size,
  }
}

/** Whatever the gateway's default domain is: a name without one is one name here as well. */
const nameOf = (user: string) => canonicalName(user, '') ?? user
