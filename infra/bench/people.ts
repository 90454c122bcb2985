/** Many mailboxes and bans, made up, the same for the same number of them. */
import type { BanRow, User } from '../../lib/database/schema.ts'
import { listColumns } from '../../lib/mailbox/search-text.ts'

const minuteMs = 60_000
const domains = 200
const owners = [
  'Sales',
  'Support',
  'Front desk',
  '张伟',
  '采购部',
  'Zoë Müller',
  'Night shift',
  'Ärzte & Söhne',
]

/** Of the form and the order of our own ids. */
const idOf = (kind: number, i: number) => `00000000-000${kind}-7000-8000-${i.toString(16).padStart(12, '0')}`

export const nameOf = (i: number) => `user${i}@d${i % domains}.example.org`

export function makeUser(i: number, now: number) {
  const user: User = {
    id: idOf(1, i),
    name: nameOf(i),
    login: nameOf(i),
    domain: `d${i % domains}.example.org`,
    password_hash: '$2b$10$Vd5R0RvVXJqkXkzDqNnVGeBsSRcLr0Qh9gkXN0jTqv3kBEQzvOa9m',
    owner: `${owners[i % owners.length]} ${i % 977}`,
    enabled: i % 50 === 0 ? 0 : 1,
    protocols: 'imap,pop3,smtp',
    pool: i % 20 === 0 ? 'archive' : null,
    version: i,
    credential_version: i,
    totp_secret: i % 4 === 0 ? 'sealed' : null,
    totp_confirmed: i % 5 === 0 ? 1 : 0,
    totp_last_step: 0,
    guesses: i % 10_000 === 0 ? 100 : 0,
    created_at: now - i * minuteMs,
    updated_at: now - ((i * 7_919) % 1_000_000) * 1_000,
  }
  return { ...user, ...listColumns(user) }
}

/** Half of them by hand; a tenth for ever, and of the others one in three in force. */
export function makeBan(i: number, now: number): Omit<BanRow, 'version'> {
  const isManual = i % 2 === 0
  const starts_at = now - i * minuteMs
  const length = i % 3 === 0 ? 24 : 32
  return {
    id: idOf(2, i),
    cidr: `${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/${length}`,
    event_type: isManual ? 'manual' : 'address',
    note: isManual ? `ticket ${i}: complaint about spam` : 'automatic: address',
    author: isManual ? `admin${i % 9}` : 'automatic',
    starts_at,
    ends_at: i % 10 === 0 ? null : i % 3 === 0 ? now + 86_400_000 : starts_at + minuteMs,
    evidence: isManual
      ? null
      : JSON.stringify({
          counter: 'address',
          count: 20,
          users: Array.from({ length: 10 }, (_, n) => nameOf(i + n)),
        }),
    level: 0,
    lifted_at: null,
  }
}
