/** A private MariaDB with durable settings, on a loopback port and in a folder of its own. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { chooseFreePort } from './ports.ts'
import { type RunningProcess, startProcess } from './process.ts'

export interface Mariadb extends RunningProcess, MariadbAccess {
  port: number
  folder: string
}

export interface MariadbAccess {
  /** What to give to DATABASE_URL: a user who may do everything in this database and nothing else. */
  url(database: string): string
  /** One statement as the server's own administrator. */
  query(statement: string): Promise<RowDataPacket[]>
  /** Makes a database and its user; the URL of it. */
  createDatabase(name: string): Promise<string>
}

const password = 'e2e-mariadb-password'

/** A path to a socket may have 107 bytes. */
const socketIn = (folder: string) => join(folder, 's')

async function queryAsRoot(socketPath: string, statement: string): Promise<RowDataPacket[]> {
  const connection = await createConnection({ socketPath, user: 'root', multipleStatements: true })
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statement)
    return rows
  } finally {
    await connection.end()
  }
}

/**
 * @param folder holds the data; made here if it is not there, else the server goes on with what it finds
 * @param port of a stopped server that is to come back; default a free one
 * @param settings further options, such as `['--max-connections=20']`
 */
export async function startMariadb(folder: string, port?: number, settings: string[] = []): Promise<Mariadb> {
  const data = join(folder, 'data')
  const socket = socketIn(folder)
  const ownPort = port ?? (await chooseFreePort())
  const isNew = !existsSync(data)
  mkdirSync(folder, { recursive: true })
  if (isNew) {
    const install = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal']
    execFileSync(
      '/usr/bin/mariadb-install-db',
      [...install, '--skip-test-db', `--user=${userInfo().username}`],
      {
        stdio: 'pipe',
      },
    )
  }
  const child = await startProcess({
    name: 'MariaDB',
    command: '/usr/sbin/mariadbd',
    args: [
      '--no-defaults',
      `--user=${userInfo().username}`,
      `--datadir=${data}`,
      // At its start a server removes the temporary tables it finds there: also those of another one that uses them.
      `--tmpdir=${folder}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${ownPort}`,
      '--skip-name-resolve',
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-buffer-pool-size=64M',
      ...settings,
    ],
    isReady: () =>
      queryAsRoot(socket, 'select 1').then(
        () => true,
        () => false,
      ),
  })
  return { ...child, port: ownPort, folder, ...reachMariadb(folder, ownPort) }
}

/** @param folder that the running server was started with */
export function reachMariadb(folder: string, port: number): MariadbAccess {
  const query = (statement: string) => queryAsRoot(socketIn(folder), statement)
  const url = (database: string) => `mysql://${database}:${password}@127.0.0.1:${port}/${database}`
  return {
    url,
    query,
    async createDatabase(name) {
      const grant = `grant all on \`${name}\`.* to '${name}'@'127.0.0.1'`
      await query(
        `create database \`${name}\`; create user '${name}'@'127.0.0.1' identified by '${password}'; ${grant}`,
      )
      return url(name)
    },
  }
}
