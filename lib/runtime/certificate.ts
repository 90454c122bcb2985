/** The certificate of the admin listener: two files that somebody else renews. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Server } from 'node:tls'
import type { Logger } from 'pino'
import { ConfigError, quoteText } from './config-error.ts'

export interface CertificateFiles {
  tls_cert: string
  tls_key: string
}

/** In PEM. */
export interface Certificate {
  cert: string
  key: string
}

/**
 * @returns null when none is configured
 * @throws ConfigError, one line, when the files are none, or do not belong together
 */
export function readCertificate({ tls_cert, tls_key }: CertificateFiles): Certificate | null {
  if (tls_cert === '' && tls_key === '') return null
  if (tls_cert === '') throw new ConfigError('server.tls_cert: is empty; set it too, or clear server.tls_key')
  if (tls_key === '') throw new ConfigError('server.tls_key: is empty; set it too, or clear server.tls_cert')
  const cert = read(tls_cert, 'server.tls_cert')
  const key = read(tls_key, 'server.tls_key')
  const [first, privateKey] = [parseCertificate(cert, tls_cert), parseKey(key, tls_key)]
  if (first.checkPrivateKey(privateKey)) return { cert, key }
  throw new ConfigError(
    `server.tls_key: ${quoteText(tls_key)} is not the key of the first certificate in server.tls_cert`,
  )
}

const lookMs = 1_000

/**
 * Gives the server each new certificate; as long as the files are no good it keeps the one it has.
 * @returns what ends that
 */
export function watchCertificate(server: Server, files: CertificateFiles, log: Logger): () => void {
  const paths = [files.tls_cert, files.tls_key]
  const renew = () => {
    try {
      server.setSecureContext(readCertificate(files)!)
      log.info('a new certificate is in use')
    } catch (error) {
      log.error({ err: error }, 'the new certificate is no good, the old one stays in use')
    }
  }
  for (const path of paths) watchFile(path, { interval: lookMs, persistent: false }, renew)
  return () => {
    for (const path of paths) unwatchFile(path, renew)
  }
}

function read(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError(`${setting}: cannot read ${quoteText(path)} (${code}); name a file in PEM`, {
      cause: error,
    })
  }
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new ConfigError(`server.tls_cert: ${quoteText(path)} holds no certificate in PEM`, { cause: error })
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    // Without a cause: nothing of a key goes into an error.
    throw new ConfigError(
      `server.tls_key: ${quoteText(path)} holds no private key in PEM without a passphrase; write one there`,
    )
  }
}
