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
  endsAt: number
}

/** An attacker with that many networks costs calls again, and no more memory. */
const most = 10_000

/** @param steady milliseconds that only ever go forward */
export function createMemory(steady: () => number): Memory {
  /** By name: whoever is refused may have been ten thousand people. */
  const byPrefix = createPrefixMap<Map<string, Held>>()
  const names = new Map<string, Map<string, Held>>()
  /** The oldest first. */
  const all = new Map<string, { prefix: Prefix; name: string; endsAt: number }>()

  const forget = (key: string) => {
    const held = all.get(key)
    all.delete(key)
    const here = held && names.get(held.prefix.text)
    if (!here) return
    here.delete(held.name)
    if (here.size > 0) return
    names.delete(held.prefix.text)
    byPrefix.delete(held.prefix, '')
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
      // Nobody's name would be everybody's.
      if (prefix === null || (ofUser && user === '')) return
      const name = ofUser ? nameOf(user) : ''
      const key = `${prefix.text} ${name}`
      forget(key)
      makeRoom()
      const endsAt = steady() + ms
      const here = names.get(prefix.text) ?? new Map<string, Held>()
      names.set(prefix.text, here.set(name, { reason, endsAt }))
      byPrefix.set(prefix, '', here)
      all.set(key, { prefix, name, endsAt })
    },
    find(address, user) {
      const now = steady()
      const name = nameOf(user)
      for (const here of byPrefix.find(address)) {
        const held = [here.get(''), here.get(name)].find(each => each !== undefined && each.endsAt > now)
        if (held) return held.reason
      }
      return null
    },
    size: () => all.size,
  }
}

/** Whatever the gateway's default domain is: a name without one is one name here as well. */
const nameOf = (user: string) => canonicalName(user, '') ?? user
