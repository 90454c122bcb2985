/** A private nginx that runs a mail configuration file of this repository, with only ports and certificate replaced. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificate } from './certificate.ts'
import { chooseFreePort } from './ports.ts'
import { isListening, type RunningProcess, startProcess } from './process.ts'

export interface Nginx extends RunningProcess {
  /** The port that the file says -> the one that stands in for it, such as 993 -> 21,034. */
  ports: Map<number, number>
  /** The self-signed certificate (PEM) for localhost and 127.0.0.1; clients take it as their authority. */
  certificate: string
  /** What nginx has written to its error log, level info and above. */
  log(): string
}

export interface NginxOptions {
  /** A folder of its own, made here. */
  folder: string
  /** The file with the `mail { }` block. */
  file: string
  /** A main file that includes it as /etc/nginx/mail.conf; default: one of ours. */
  main?: string
  /** Where the gateway's nginx plane listens on 127.0.0.1, in place of 8090. */
  gatewayPort: number
  /** What it sends in X-Auth-Key; default: no such line, as shipped. */
  secret?: string
  /** conf/nginx/ha.conf between it and two gateways with this secret; it listens on `gatewayPort`. */
  hop?: { gateways: [number, number]; secret: string }
  /** conf/nginx/relay.conf between it and a function at `place`, as `name:port`; it listens on `gatewayPort`. */
  relay?: { place: string; secret: string; nameServer: string; authority: string }
}

const conf = (name: string) => readFileSync(new URL(`../../conf/nginx/${name}`, import.meta.url), 'utf8')

function writeHop({ gateways: [first, second], secret }: NonNullable<NginxOptions['hop']>): string {
  let text = conf('ha.conf')
  text = replaceSome(text, /192\.0\.2\.11:8090/, `127.0.0.1:${first}`)
  text = replaceSome(text, /192\.0\.2\.12:8090/, `127.0.0.1:${second}`)
  return replaceSome(text, /# (proxy_set_header X-Auth-Key ")[^"]+/, `$1${secret}`)
}

function writeRelay({ place, secret, nameServer, authority }: NonNullable<NginxOptions['relay']>): string {
  let text = conf('relay.conf')
  text = replaceSome(text, /(?<=default )\S+\.on\.aws/, `"${place}"`)
  text = replaceSome(text, /(?<=resolver )\S+ valid=30s/, `${nameServer} valid=1s ipv6=off`)
  text = replaceSome(text, /(?<=proxy_ssl_trusted_certificate )[^;]+/, authority)
  return replaceSome(text, /(?<=proxy_set_header X-Auth-Key ")[^"]+/, secret)
}

/** @param text what the file in question says */
function writeHttp(text: string, port: number): string {
  const listening = replaceSome(text, /(?<=^ *listen )127\.0\.0\.1:8090/m, `127.0.0.1:${port}`)
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${kind};`,
  )
  return `http {\n${folders.join('\n')}\n${listening}}\n`
}

/** Replaces every match and throws when there was none: a test must not run on a file it did not understand. */
function replaceSome(text: string, pattern: RegExp, replacement: string): string {
  const replaced = text.replace(pattern, replacement)
  if (replaced === text) throw new Error(`nothing matches ${pattern} in the nginx configuration`)
  return replaced
}

const ownMain = `worker_processes 1;
error_log error.log info;
pid nginx.pid;
events { worker_connections 4096; }
include mail.conf;
`

/** A main file with its paths in the folder that nginx is started in. */
function placeMain(text: string): string {
  const logged = replaceSome(text, /(?<=^error_log ).*;/m, 'error.log info;')
  const placed = replaceSome(logged, /(?<=^pid ).*;/m, 'nginx.pid;')
  return replaceSome(placed, /(?<=^include )\/etc\/nginx\/(?=mail\.conf;)/m, '')
}

async function choosePorts(text: string): Promise<Nginx['ports']> {
  const ports: Nginx['ports'] = new Map()
  for (const [, port] of text.matchAll(/^\s*listen +(\d+)/gm)) ports.set(Number(port), await chooseFreePort())
  return ports
}

function placePorts(text: string, ports: Nginx['ports'], gatewayPort: number): string {
  const listening = text.replace(/^(\s*listen +)(\d+)/gm, (_, before: string, port: string) => {
    return `${before}127.0.0.1:${ports.get(Number(port))}`
  })
  return replaceSome(listening, /127\.0\.0\.1:8090\//g, `127.0.0.1:${gatewayPort}/`)
}

/** Starts nginx with everything that it writes in `folder`. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { folder, file, main, gatewayPort, secret, hop, relay } = options
  mkdirSync(folder)
  const { certificate, key } = makeCertificate(folder)
  const source = readFileSync(file, 'utf8')
  const ports = await choosePorts(source)
  let mail = placePorts(source, ports, gatewayPort)
  if (mail.includes('ssl_certificate')) {
    mail = replaceSome(mail, /(?<=^\s*ssl_certificate +)[^;]+/m, certificate)
    mail = replaceSome(mail, /(?<=^\s*ssl_certificate_key +)[^;]+/m, key)
  }
  if (secret !== undefined) mail = replaceSome(mail, /# (auth_http_header X-Auth-Key ")[^"]+/, `$1${secret}`)
  writeFileSync(join(folder, 'mail.conf'), mail)
  const between = hop ? writeHop(hop) : relay ? writeRelay(relay) : null
  writeFileSync(join(folder, 'http.conf'), between === null ? '' : writeHttp(between, gatewayPort))
  const placed = main === undefined ? ownMain : placeMain(readFileSync(main, 'utf8'))
  const modules = 'load_module /usr/lib/nginx/modules/ngx_mail_module.so;\ndaemon off;\n'
  writeFileSync(join(folder, 'nginx.conf'), `${modules}${placed}include http.conf;\n`)
  const child = await startProcess({
    name: 'nginx',
    command: '/usr/sbin/nginx',
    args: ['-p', `${folder}/`, '-c', join(folder, 'nginx.conf'), '-e', 'error.log'],
    isReady: async () => (await Promise.all([...ports.values()].map(isListening))).every(Boolean),
  })
  return {
    ...child,
    ports,
    certificate: readFileSync(certificate, 'utf8'),
    log: () => readFileSync(join(folder, 'error.log'), 'utf8'),
  }
}
