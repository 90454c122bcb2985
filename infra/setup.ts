/**
 * Runs before the tests: sees that the real programs which they start (nginx, Dovecot, MariaDB, Redis, dnsmasq,
 * fail2ban, CrowdSec, Prometheus, oathtool, strace, zbar, openssl, curl) are there and fetches what is missing with
 * apt-get. Quiet when all is there; exits 1 with one line when it cannot.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Debian package -> a file that only this package brings. Files, not commands: /usr/sbin may not be in PATH. */
const needed: Record<string, string> = {
  nginx: '/usr/sbin/nginx',
  'libnginx-mod-mail': '/usr/lib/nginx/modules/ngx_mail_module.so',
  'dovecot-core': '/usr/sbin/dovecot',
  'dovecot-imapd': '/usr/lib/dovecot/imap',
  'dovecot-pop3d': '/usr/lib/dovecot/pop3',
  'dovecot-submissiond': '/usr/lib/dovecot/submission',
  'mariadb-server': '/usr/sbin/mariadbd',
  'redis-server': '/usr/bin/redis-server',
  'redis-sentinel': '/usr/bin/redis-sentinel',
  fail2ban: '/usr/bin/fail2ban-regex',
  'dnsmasq-base': '/usr/sbin/dnsmasq',
  oathtool: '/usr/bin/oathtool',
  strace: '/usr/bin/strace',
  'zbar-tools': '/usr/bin/zbarimg',
  openssl: '/usr/bin/openssl',
  curl: '/usr/bin/curl',
  chromium: '/usr/bin/chromium',
  'fonts-noto-cjk': '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc',
  prometheus: '/usr/bin/promtool',
}

function findMissing(): string[] {
  return Object.keys(needed).filter(name => !existsSync(needed[name] ?? ''))
}

function runAptGet(args: string[]): boolean {
  // RUNLEVEL=1 keeps the packages from starting their services; the tests start private ones.
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const command = [
    ...asRoot,
    'env',
    'RUNLEVEL=1',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-y',
    '-q',
    ...args,
  ]
  const [program = '', ...rest] = command
  return spawnSync(program, rest, { stdio: 'ignore' }).status === 0
}

const missing = findMissing()
if (missing.length > 0) {
  const install = ['install', '--no-install-recommends', ...missing]
  console.error(`installing what the tests need: ${missing.join(' ')}`)
  // The package lists are often fresh enough, so they are fetched only when the first try fails.
  if (!runAptGet(install) && runAptGet(['update'])) runAptGet(install)
  if (findMissing().length > 0) {
    console.error(`the tests need: apt-get update && apt-get ${install.join(' ')}`)
    process.exit(1)
  }
}

/** Only unpacked: its installation would start a service and register this machine with its maker. */
const crowdsec = fileURLToPath(new URL('../node_modules/.cache/crowdsec/', import.meta.url))
const unpack = () => {
  mkdirSync(crowdsec, { recursive: true })
  const here = { cwd: crowdsec, stdio: 'ignore' } as const
  if (spawnSync('apt-get', ['-q', 'download', 'crowdsec'], here).status !== 0) return false
  const packages = readdirSync(crowdsec).filter(name => name.endsWith('.deb'))
  return spawnSync('dpkg-deb', ['-x', packages[0] ?? '', '.'], here).status === 0
}

if (!existsSync(`${crowdsec}usr/bin/crowdsec`)) {
  console.error('unpacking what the tests need: crowdsec')
  if (!unpack() && !(runAptGet(['update']) && unpack())) {
    console.error('the tests need the package crowdsec: apt-get update && apt-get download crowdsec')
    process.exit(1)
  }
}
