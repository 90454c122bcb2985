/** What keeps people from using a server, with what to do about it. */
import { neededRights as grants } from './dialect.ts'
import { MysqlError } from './mysql.ts'
import type { MysqlServer } from './mysql-server.ts'

/** An error of the server or of the way to it, with what to do. Others come back as they are. */
export function explain(error: Error & { code?: string; sqlMessage?: string }, server: MysqlServer): Error {
  const { host, port, user, database } = server
  const place = `${host}:${port}`
  const told = withoutDots(error.message)
  const texts: Record<string, string> = {
    ER_ACCESS_DENIED_ERROR: `database.user, database.password (DATABASE_URL): ${place} does not let ${user} in: wrong user or password, or TLS is asked of this user (database.tls)`,
    ER_BAD_DB_ERROR: `database.database (DATABASE_URL): there is no database ${database} at ${place}; make it with mailgateway migrate --create`,
    ER_DBACCESS_DENIED_ERROR: `database.database (DATABASE_URL): at ${place} there is no database ${database}, or ${user} may not use it; an administrator of the server says: CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; GRANT ${grants} ON \`${database}\`.* TO the user`,
    ER_TABLEACCESS_DENIED_ERROR: `database.user (DATABASE_URL): ${user} may not do all that is needed in ${database} (${told}); an administrator of the server says: GRANT ${grants} ON \`${database}\`.* TO the user`,
    ER_HOST_NOT_PRIVILEGED: `database.host (DATABASE_URL): ${place} lets nobody in from this machine; create the user for this machine's address`,
    ER_CON_COUNT_ERROR: `database.max_open_conns: ${place} has no connection left; raise its max_connections`,
    ER_SECURE_TRANSPORT_REQUIRED: `database.tls: ${place} asks for TLS; write on`,
    HANDSHAKE_NO_SSL_SUPPORT: `database.tls: ${place} speaks no TLS; set the server up for it, or write off`,
    HANDSHAKE_SSL_ERROR: `database.tls_ca: the certificate of ${place} is not accepted (${told}); name the PEM file of the authority that signed it, and in database.host the name it is made out to`,
    ECONNREFUSED: `database.host, database.port (DATABASE_URL): nobody listens on ${place}; start the server, or correct them`,
    ENOTFOUND: `database.host (DATABASE_URL): the name ${host} is not known; correct it`,
    ETIMEDOUT: `database.host (DATABASE_URL): no answer from ${place} in time; look at the server, and at firewalls on the way`,
    PROTOCOL_SEQUENCE_TIMEOUT: `database.host (DATABASE_URL): no answer from ${place} in time; look at the load of the server`,
  }
  const text = texts[error.code ?? '']
  if (text !== undefined) return new Error(text, { cause: new MysqlError(error) })
  if (error.code === undefined) return error
  return new Error(`database.host (DATABASE_URL): ${place} cannot be used: ${told}`)
}

const withoutDots = (text: string) => text.replaceAll('\n', ' ').replace(/\.$/, '')
