import { accessSync, constants } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** Most of the time goes by in waiting for a disk. What a test writes there needs no disk, only fsync's promise. */
const memory = '/dev/shm'
try {
  accessSync(memory, constants.W_OK)
  process.env.TMPDIR = memory
} catch {
  // The usual folder serves as well.
}

/** They measure what the whole machine can do, so nothing else runs beside them. */
const alone = ['infra/e2e/load.test.ts']

/** What runs on both kinds of database: a second time, on the shared MariaDB. */
const onMariadb = [
  'lib/{audit,backend,ban,database,live-settings,login,mailbox,notify,operation,stats}/**/*.test.ts',
  'migrations/*.test.ts',
  'functions/**/*.test.ts',
]
/** Without a database, or about SQLite alone. */
const notOnMariadb = [
  'lib/audit/{export,spool,steps}.test.ts',
  'lib/database/{file-lock,sqlite}.test.ts',
  'lib/backend/{greeting,resolve,rules,tls-port}.test.ts',
  'lib/{mailbox,ban}/{codes,name,passwords,rules,prefix-map}.test.ts',
  'lib/login/{audit-row,report}.test.ts',
]

/** About SQLite alone, or with servers of their own. */
const notOnServers = [
  'infra/e2e/{api-away,backup,durability,failures,function,ha,round-trips,stale,together,two-consoles,two-gateways,generation,relay,redis-gateway,redis-start,simulated-week}.test.ts',
  'infra/e2e/console*.test.ts',
]

/** About MariaDB alone, or with bundles, which know no other database. */
const onlyOnMariadb = [
  'lib/database/{mysql,watch}.test.ts',
  'lib/audit/keep.test.ts',
  'infra/e2e/{hosts,api-hosts}.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: ['./infra/e2e/servers.ts'],
    reporters: ['default', './infra/closing-line.ts'],
    // Most tests wait for servers and answers, not for a processor.
    maxWorkers: 3,
    // Real servers start in hooks, and two cores hash passwords meanwhile.
    testTimeout: 30_000,
    hookTimeout: 180_000,
    // A disk or processor that stands still for a second is rightly answered with temporary failures.
    retry: 1,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', ...alone, ...onlyOnMariadb],
          sequence: { groupOrder: 0 },
          provide: { database: 'sqlite' },
        },
      },
      {
        extends: true,
        test: {
          name: 'on MariaDB',
          include: onMariadb,
          exclude: ['**/node_modules/**', ...notOnMariadb],
          sequence: { groupOrder: 0 },
          setupFiles: ['./infra/e2e/on-servers.ts'],
          provide: { database: 'mysql', hotState: 'memory' },
        },
      },
      {
        extends: true,
        test: {
          name: 'on servers',
          include: ['infra/e2e/*.test.ts'],
          exclude: [...alone, ...notOnServers],
          setupFiles: ['./infra/e2e/on-servers.ts'],
          sequence: { groupOrder: 0 },
          provide: { database: 'mysql', hotState: 'redis' },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, sequence: { groupOrder: 1 }, provide: { database: 'sqlite' } },
      },
    ],
  },
})
