/**
 * A private Dovecot 2.3 (IMAP, POP3, submission) on loopback ports: the mail server behind nginx. It checks names
 * and passwords itself, byte by byte, so a login that arrives changed is refused here.
 */
import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { chooseFreePort } from './ports.ts'
import { isListening, type RunningProcess, startProcess } from './process.ts'

export interface DovecotUser {
  /** Compared exactly, letter case included. No colon, no line break. */
  name: string
  password: string
}

export interface Dovecot extends RunningProcess {
  ports: { imap: number; pop3: number; smtp: number }
  /** Lets this user log in from now on. A name that exists already gets the new password. */
  addUser(user: DovecotUser): void
}

/** Debian's account without rights; as root, mail cannot belong to root. */
const nobody = { uid: 65_534, gid: 65_534 }

interface Settings {
  folder: string
  ports: Dovecot['ports']
  /** Port on 127.0.0.1 that accepted mail is handed to. */
  relayPort: number
}

/** Dovecot's own accounts are there only for root; anybody else runs all of it as himself. */
function writeAccounts(): string {
  const { uid, gid, username } = userInfo()
  const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()
  const own = `default_internal_user = ${username}
default_login_user = ${username}
default_internal_group = ${group}
`
  const mail = uid === 0 ? nobody : { uid, gid }
  return `${uid === 0 ? '' : own}mail_uid = ${mail.uid}
mail_gid = ${mail.gid}
first_valid_uid = 1
first_valid_gid = 1`
}

function writeSettings({ folder, ports, relayPort }: Settings): string {
  const listener = (service: string, name: string, port: number) => `
service ${service}-login {
  chroot =
  process_min_avail = 1
  inet_listener ${name} {
    address = 127.0.0.1
    port = ${port}
  }
}`
  // The mail folder is named by a digest of the name, because names hold every character there is.
  return `${writeAccounts()}
protocols = imap pop3 submission
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_chars =
auth_username_format = %u
auth_failure_delay = 0
mail_location = maildir:~/mail
mail_max_userip_connections = 1000
submission_relay_host = 127.0.0.1
submission_relay_port = ${relayPort}
submission_relay_ssl = no
hostname = backend.test
passdb {
  driver = passwd-file
  args = username_format=%u ${folder}/users
}
userdb {
  driver = static
  args = home=${folder}/mail/%Mu
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
${listener('imap', 'imap', ports.imap)}
service imap-login {
  inet_listener imaps {
    port = 0
  }
}
${listener('pop3', 'pop3', ports.pop3)}
service pop3-login {
  inet_listener pop3s {
    port = 0
  }
}
${listener('submission', 'submission', ports.smtp)}
`
}

/** The name as Dovecot looks it up, with quotes and backslashes escaped; the password in Base64, so that it may hold any byte. */
function writeUser({ name, password }: DovecotUser): string {
  return `${name.replace(/["'\\]/g, '\\$&')}:{PLAIN.b64}${Buffer.from(password).toString('base64')}\n`
}

/** Starts Dovecot with its files in `folder` (made here); no users yet. */
export async function startDovecot(folder: string, relayPort: number): Promise<Dovecot> {
  const ports = { imap: await chooseFreePort(), pop3: await chooseFreePort(), smtp: await chooseFreePort() }
  const mailFolder = join(folder, 'mail')
  await mkdir(mailFolder, { recursive: true })
  if (userInfo().uid === 0) await chown(mailFolder, nobody.uid, nobody.gid)
  const users = new Map<string, DovecotUser>()
  const usersFile = join(folder, 'users')
  // Put in place whole, in one step: Dovecot may read the file at any moment.
  const writeUsers = () => {
    writeFileSync(`${usersFile}.new`, [...users.values()].map(writeUser).join(''))
    renameSync(`${usersFile}.new`, usersFile)
  }
  writeUsers()
  const settingsFile = join(folder, 'dovecot.conf')
  await writeFile(settingsFile, writeSettings({ folder, ports, relayPort }))
  const child = await startProcess({
    name: 'dovecot',
    command: '/usr/sbin/dovecot',
    args: ['-F', '-c', settingsFile],
    isReady: async () => (await Promise.all(Object.values(ports).map(isListening))).every(Boolean),
  })
  return {
    ...child,
    ports,
    addUser(user) {
      users.set(user.name, user)
      writeUsers()
    },
  }
}
