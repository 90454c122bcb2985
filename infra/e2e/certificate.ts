/** A certificate of nobody's for the servers of the tests. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export interface Authority {
  /** Its own certificate: path of a file in PEM, and what is in it. */
  file: string
  /** Paths of two files in PEM for a server of this name. */
  issue(name: string): { certificate: string; key: string }
}

/** An authority of nobody's, with what it issues in that folder. */
export function makeAuthority(folder: string): Authority {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const ownKey = join(folder, 'authority-key.pem')
  const file = join(folder, 'authority.pem')
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  openssl('req', '-x509', ...kind, '-subj', '/CN=tests', '-keyout', ownKey, '-out', file)
  return {
    file,
    issue(name) {
      const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)]
      const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
      const issuer = ['-CA', file, '-CAkey', ownKey, '-addext', 'basicConstraints=CA:FALSE']
      openssl('req', '-x509', ...kind, ...names, ...issuer, '-keyout', key, '-out', certificate)
      return { certificate, key }
    },
  }
}

/** Paths of two files in PEM in that folder; another certificate each time. */
export function makeCertificate(folder: string): { certificate: string; key: string } {
  const certificate = join(folder, 'certificate.pem')
  const key = join(folder, 'key.pem')
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', certificate], {
    stdio: 'pipe',
  })
  return { certificate, key }
}
