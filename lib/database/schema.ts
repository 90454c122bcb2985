/**
 * The tables, as Kysely sees them. Times are UTC milliseconds, booleans 0/1, ids are ours (UUIDv7 text, so they
 * sort by time). Tables that nothing uses yet hold their place; the migration that puts them to use may change them.
 */
import type { Generated, Insertable, Kysely, Selectable } from 'kysely'

export interface Tables {
  users: UsersTable
  admin: AdminTable
  auth_log: AuthLogTable
  operation_log: OperationLogTable
  system_config: SystemConfigTable
  ip_blacklist: IpBlacklistTable
  ip_exceptions: IpExceptionsTable
  backends: BackendsTable
  backend_events: BackendEventsTable
  auth_stats: AuthStatsTable
  auth_rollups: AuthRollupsTable
  auth_tops: AuthTopsTable
  active_users: ActiveUsersTable
  grants: GrantsTable
  known_networks: KnownNetworksTable
  locked_names: LockedNamesTable
  sessions: SessionsTable
  admin_networks: AdminNetworksTable
  notifications: NotificationsTable
}

export type Database = Kysely<Tables>

type Flag = 0 | 1

/** A mailbox account. */
interface UsersTable {
  id: string
  /** Canonical name (lib/mailbox/name.ts): the key of every lookup, cache, counter and log row. Unique, binary collation. */
  name: string
  /** What the backend is told (`Auth-User`): the name as it was created. */
  login: string
  /** Domain part of `name`, '' if it has none. */
  domain: string
  /** bcrypt, `$2b$…`. */
  password_hash: string
  owner: string
  enabled: Flag
  /** Allowed protocols, comma separated, in the order imap,pop3,smtp. */
  protocols: string
  /** Name of the backend pool this mailbox lives in; null = the pool of its domain, or the open one. */
  pool: string | null
  /** Raised by every change of the row; a cached copy with a lower one is dead. */
  version: number
  /** The `version` at which the password, the TOTP in force, or `enabled` was last changed; a proof or grant of another one is dead. */
  credential_version: number
  /** Sealed, Base32; null = no TOTP. */
  totp_secret: string | null
  /** Whether logins need a code; 0 with a secret = enrolled and not yet confirmed. */
  totp_confirmed: Flag
  /** The last TOTP step that was used, 0 = none. It only ever rises for one secret. */
  totp_last_step: number
  /** Wrong passwords from unfamiliar networks since the last success from one. */
  guesses: Generated<number>
  created_at: number
  updated_at: number
  /** For lists alone, as the next one: what a search looks at, and its order by name (lib/mailbox/search-text.ts). */
  search_text: string
  /** 0 = off, 1 = pending, 2 = on: as `totp_secret` and `totp_confirmed` say. */
  totp: 0 | 1 | 2
}

/** An administrator. */
interface AdminTable {
  id: string
  /** NFC; compared as it is written. */
  username: string
  /** bcrypt. */
  password_hash: string
  role: 'superadmin' | 'operator' | 'auditor'
  enabled: Flag
  /** Sealed, Base32; null = no TOTP. */
  totp_secret: string | null
  /** 0 with a secret = enrolled and not yet confirmed. */
  totp_confirmed: Generated<Flag>
  /** The last TOTP step that was used, 0 = none. */
  totp_last_step: Generated<number>
  /** Set with a password that somebody else chose. */
  must_change_password: Generated<Flag>
  /** Until when strangers are kept out after wrong passwords; null = they are not. */
  locked_until: Generated<number | null>
  last_signed_in_at: Generated<number | null>
  /** What the console speaks; null = what the browser asks for. */
  language: Generated<'en' | 'zh' | null>
  /** Raised by every change that people make. */
  version: number
  created_at: number
  updated_at: number
}

/** Networks, /24 or /48, that an administrator has signed in from. */
interface AdminNetworksTable {
  admin_id: string
  network: string
  last_success_at: number
  /** As in `admin`, for those who come from this network. */
  locked_until: Generated<number | null>
}

/** One row per auth attempt, durable before nginx gets its answer. */
interface AuthLogTable {
  /** UUIDv7 of the request; also in the log lines. */
  request_id: string
  time: number
  /** Canonical name, or, where there is none, the name as sent with control bytes escaped, cut to 255 characters. */
  user: string
  /** `Client-IP` as nginx sent it, normalised; `unix:` for a unix listener; '' if it was unusable. */
  client_address: string
  protocol: string
  method: string
  result: 'success' | 'failed'
  /** A code of lib/login/reasons.ts. */
  reason: string
  /** `host:port` of the chosen backend, null if none was chosen. */
  backend: string | null
  duration_ms: number
  /** `Auth-Login-Attempt`. */
  attempt: number
  /** TLS version of the client's connection, '' = plain text. */
  tls: string
  /** Attempts that this row stands for: more than one where a banned address went on trying in the same minute. */
  count: Generated<number>
  /** Which counters stood where when a wrong password was counted, such as `user 3/5, address 7/20`; '' = none. */
  counters: Generated<string>
  /** The /24 or /48 of `client_address`, '' if it is no address. */
  client_network: Generated<string>
  /** The process that decided, as in `auth_stats`. */
  node: Generated<string>
}

interface OperationLogTable {
  id: string
  time: number
  actor: string
  action: string
  target: string
  result: 'success' | 'failed'
  client_address: string
  /** JSON, before and after, without secrets. */
  detail: string
}

interface SystemConfigTable {
  name: string
  value: string
  updated_at: number
  /** Of a setting: `settings_version` when it was last changed. */
  version: Generated<number>
}

/** A ban. A lifted one stays, with its end brought forward, as a record. */
interface IpBlacklistTable {
  id: string
  /** In its one spelling, see lib/ban/rules.ts. */
  cidr: string
  /** `manual`, or the counter that made it: `address`, `network`, `spraying`. */
  event_type: 'manual' | 'address' | 'network' | 'spraying'
  note: string
  /** `automatic`, or who made it. */
  author: string
  starts_at: number
  /** null = for ever. */
  ends_at: number | null
  /** JSON: which counter stood where, and which users; null for a ban made by hand. */
  evidence: string | null
  /** How many automatic bans of the same place came before, 0 = the first. */
  level: number
  /** When an administrator ended it before its time; it is over then, whatever a clock says. */
  lifted_at: Generated<number | null>
  /** Raised by every change; rows with a higher one than a gateway has read are news to it. */
  version: number
  /** For the list alone: what a search looks at (lib/ban/search-text.ts). */
  search_text: Generated<string>
}

interface IpExceptionsTable {
  id: string
  /** `allow`: no automatic ban holds here. `shared`: many users behind one address, alerts instead of automatic bans. */
  kind: 'allow' | 'shared'
  cidr: string
  note: string
  author: string
  created_at: number
  /** Raised by every change of the row. */
  version: Generated<number>
}

interface BackendsTable {
  id: string
  protocol: 'imap' | 'pop3' | 'smtp'
  /** Name or address, as entered. */
  host: string
  port: number
  /** Share of the users within its tier, 1–1000. */
  weight: number
  /** 0 is asked first; a higher tier is a backup for when no lower one has a healthy backend. */
  tier: number
  /** A-label of the one domain it serves; null = any. */
  domain: string | null
  /** Pool that mailboxes are assigned to by name; null = not reserved. */
  pool: string | null
  state: 'active' | 'draining' | 'off'
  created_at: number
  updated_at: number
  /** Raised by every change of the row. */
  version: Generated<number>
}

/** An address of a backend went up or down. */
interface BackendEventsTable {
  id: string
  backend_id: string
  /** IP literal. */
  address: string
  time: number
  up: Flag
  /** What its last check failed with; null = it is up. */
  error: string | null
  /** The process that saw it. */
  node: string
}

/** Attempts of one protocol, result and reason in some time, and how long they took: `ms_N` = at most N ms and more than the edge before. */
interface AttemptCounts {
  protocol: string
  result: string
  reason: string
  count: number
  duration_sum_ms: number
  ms_1: number
  ms_2: number
  ms_5: number
  ms_10: number
  ms_20: number
  ms_50: number
  ms_100: number
  ms_200: number
  ms_500: number
  ms_1000: number
  ms_2000: number
  ms_5000: number
  ms_more: number
}

/** Counted by each process for itself, so that no two write one row. */
interface AuthStatsTable extends AttemptCounts {
  /** Start of the minute. */
  minute: number
  /** The process; '' = of before processes had names. */
  node: string
}

/** Sums of `auth_stats` over all processes. */
interface AuthRollupsTable extends AttemptCounts {
  span: 'hour' | 'day'
  /** Of the hour or day, in UTC. */
  start: number
}

/** Who was there most in an hour or a day; at most a hundred rows of a kind. */
interface AuthTopsTable {
  span: 'hour' | 'day'
  start: number
  kind: 'user' | 'address' | 'network'
  /** As `user`, `client_address` or `client_network` in the auth log. */
  name: string
  tried: number
  failed: number
}

interface ActiveUsersTable {
  user: string
  /** Up to a minute before the last one. */
  last_success_at: number
}

/** A name that may be locked or shut: the hot state knows whether it still is. */
interface LockedNamesTable {
  /** Of a mailbox, or nobody's. */
  name: string
  ends_at: number
}

/** A string of password and code that goes on being good in one network. One that has ended stays as a record. */
interface GrantsTable {
  id: string
  user_id: string
  /** Keyed digest of the whole string that was sent. */
  digest: string
  /** Of the account when it was made; dead with any other. */
  credential_version: number
  /** The /24 or /48, '' for a client without an address. */
  network: string
  created_at: number
  /** The last use, written at most hourly. */
  used_at: number
  /** The TOTP step that was spent for it. */
  step: number
  /** Whether the string came along from a network it was granted in, without a code of its own. */
  roamed: Flag
  /** When an administrator revoked it. */
  ended_at: number | null
}

interface KnownNetworksTable {
  user_id: string
  network: string
  last_success_at: number
}

/** A sign-in that has not ended: one that has is deleted. */
interface SessionsTable {
  id: string
  admin_id: string
  /** Of the one refresh token that is good now. */
  refresh_digest: string
  created_at: number
  /** The last use, written at most once a minute. */
  used_at: number
  ends_at: number
  /** Of who signed in; '' = not known. */
  client_address: Generated<string>
  /** Cut short. */
  user_agent: Generated<string>
}

/** A mail to one person about something that has happened. What was sent stays a while: it says what need not be sent again. */
interface NotificationsTable {
  id: string
  kind: 'totp_enrolled' | 'locked' | 'new_network' | 'attack'
  /** A mail address. */
  recipient: string
  /** What several notices of one kind to one recipient differ in, such as the network; '' = nothing. */
  topic: string
  /** JSON: the values of the placeholders. */
  facts: string
  /** `failed`: given up. */
  state: 'waiting' | 'sent' | 'failed'
  /** How often it was begun to be sent. */
  tries: number
  /** When it may be tried next; who tries it moves this on, and so has it for himself. */
  due_at: number
  /** Why it was not sent the last time; '' = nothing went wrong. */
  error: string
  created_at: number
  /** When it was sent or given up. */
  ended_at: number | null
}

export type AdminRow = Selectable<AdminTable>
/** A mailbox's row, as far as the columns are not there for lists alone. */
export type User = Omit<Selectable<UsersTable>, 'search_text' | 'totp'>
export type BackendRow = Selectable<BackendsTable>
export type GrantRow = Selectable<GrantsTable>
export type BanRow = Omit<Selectable<IpBlacklistTable>, 'search_text'>
export type ExceptionRow = Selectable<IpExceptionsTable>
export type NotificationRow = Selectable<NotificationsTable>
export type AuthLogRow = Insertable<AuthLogTable>
export type OperationLogRow = Insertable<OperationLogTable>
export type AuthStatsRow = AuthStatsTable
export type AuthTop = AuthTopsTable
