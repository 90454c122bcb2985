/** An auth log as a busy gateway has it after thirty days: made up, the same for the same number of rows. */
import type { AuthLogRow } from '../../lib/database/schema.ts'

export const days = 30
const hourMs = 3_600_000
const mailboxes = 20_000
const attackers = 3_000
const protocols = ['imap', 'imap', 'imap', 'imap', 'pop3', 'smtp'] as const
const ports = { imap: 143, pop3: 110, smtp: 25 }
/** Share of all attempts; what is left is successes. */
const failures = {
  wrong_password: 0.06,
  unknown_user: 0.04,
  locked: 0.015,
  code_missing: 0.002,
  timeout: 0.00002,
}
/** One address for many: webmail. */
const webmail = '10.0.0.5'
const webmailShare = 0.15
const rareBackend = 0.00002

/** Numbers in [0, 1) that are the same every time (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Oldest first; by day three times as many as at night. @param until UTC milliseconds */
export function* makeRows(count: number, until: number): Generator<AuthLogRow> {
  const random = createRandom(1)
  const hours = days * 24
  const weights = Array.from({ length: hours }, (_, hour) => 2 - Math.cos(((hour % 24) / 24) * 2 * Math.PI))
  const sum = weights.reduce((all, weight) => all + weight)
  let [made, due] = [0, 0]
  for (const [hour, weight] of weights.entries()) {
    due += (weight / sum) * count
    const inHour = Math.round(due) - made
    for (let i = 0; i < inHour; i++) {
      const time = until - hours * hourMs + hour * hourMs + Math.floor((i / inHour) * hourMs)
      yield makeRow(random, made++, time)
    }
  }
}

function makeRow(random: () => number, i: number, time: number): AuthLogRow {
  const reason = pickReason(random())
  // A few mailboxes log in much more often than most.
  const mailbox = Math.floor(mailboxes * random() ** 3)
  const protocol = protocols[Math.floor(random() * protocols.length)]!
  const address = reason === 'ok' ? ownAddress(random, mailbox) : attackerAddress(random)
  const host = random() < rareBackend ? 'old' : `mail${mailbox % 3}`
  return {
    request_id: idOf(time, i),
    time,
    user: reason === 'unknown_user' ? `guess${i % 5_000}@example.com` : `user${mailbox}@example.com`,
    client_address: address,
    client_network: `${address.split('.').slice(0, 3).join('.')}.0/24`,
    protocol,
    method: 'plain',
    result: reason === 'ok' ? 'success' : 'failed',
    reason,
    backend: reason === 'ok' ? `${host}.example.com:${ports[protocol]}` : null,
    duration_ms: Math.floor(2 ** (random() * 8)),
    attempt: 1,
    tls: 'TLSv1.3',
    counters: '',
    node: 'bench',
  }
}

function pickReason(at: number): string {
  let below = 0
  for (const [reason, share] of Object.entries(failures)) {
    below += share
    if (at < below) return reason
  }
  return 'ok'
}

function ownAddress(random: () => number, mailbox: number): string {
  if (random() < webmailShare) return webmail
  const network = mailbox * 3 + Math.floor(random() * 3)
  return `100.${64 + ((network >> 8) % 64)}.${network & 255}.${1 + (network % 250)}`
}

const attackerAddress = (random: () => number) => {
  const attacker = Math.floor(attackers * random() ** 2)
  return `198.${18 + (attacker & 1)}.${(attacker >> 1) & 255}.${attacker % 250}`
}

/** Of the form and the order of our own ids. */
function idOf(time: number, i: number): string {
  const stamp = time.toString(16).padStart(12, '0')
  const tail = i.toString(16).padStart(12, '0')
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7000-8000-${tail}`
}
