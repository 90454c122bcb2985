/**
 * What the cloud gives each function, in one table. Memory is processor time too: at 1769 MB a function has one core,
 * below that a share of it.
 */

export interface Plan {
  /** MB. */
  memory: number
  /** Seconds, after which the platform ends a call. */
  timeout: number
  /** The most instances at once in production; absent = what the account allows. */
  instances?: number
  /**
   * What it needs beside both stores and the master secret. `edge`: the secret that whoever asks for nginx shows, and a
   * URL. `browsers`: their address, and a URL behind the router. `firstAdmin`: the password of the first administrator.
   */
  needs: ('edge' | 'browsers' | 'firstAdmin')[]
  /** What the router sends to it, with all below. */
  paths?: string[]
}

/** The names of functions/index.ts. */
export type FunctionName =
  | 'nginx-auth'
  | 'tick'
  | 'admin-login'
  | 'admins'
  | 'backends'
  | 'blacklist'
  | 'logs'
  | 'notifications'
  | 'settings'
  | 'stats'
  | 'users'

/** People wait for these, some times a minute. The router waits as long for a search of the log. */
const forPeople = { memory: 1024, timeout: 20, needs: ['browsers'] } satisfies Plan
/** A core for bcrypt: 330 ms at the cost of an administrator's password, 80 ms at that of a mailbox. */
const hashing = { ...forPeople, memory: 1769 }

export const plan: Record<FunctionName, Plan> = {
  'nginx-auth': {
    // For bcrypt. A login whose password is remembered waits for the stores, and costs less than its request.
    memory: 1769,
    // nginx asks for 10 s (auth_http_timeout), a decision takes 8 at the most (auth.deadline).
    timeout: 10,
    // Each decides one login at a time, in some 10 ms: thousands a second. It bounds the bill of an attack, and the connections of the database.
    instances: 100,
    needs: ['edge'],
  },
  // Nobody waits for it. The first run of a new version changes the schema, and retention may delete millions of rows.
  tick: { memory: 512, timeout: 300, needs: ['firstAdmin'] },
  // What begins with /api and has no function gets its problem answer here.
  'admin-login': { ...hashing, paths: ['/login', '/refresh', '/logout', '/api/session', '/api'] },
  admins: { ...hashing, paths: ['/api/admins'] },
  backends: { ...forPeople, paths: ['/api/backends'] },
  blacklist: { ...forPeople, paths: ['/api/bans', '/api/exceptions'] },
  logs: { ...forPeople, paths: ['/api/auth-log', '/api/operation-log'] },
  notifications: { ...forPeople, paths: ['/api/notifications'] },
  settings: { ...forPeople, paths: ['/api/settings'] },
  stats: { ...forPeople, paths: ['/api/stats'] },
  users: { ...hashing, paths: ['/api/users', '/api/export'] },
}
