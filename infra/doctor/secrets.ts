/** The master secret: there, long enough, nobody else's. Its text appears in no finding. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import type { Config } from '../../lib/runtime/config.ts'
import { secretFile, sharesData } from '../../lib/runtime/secrets.ts'
import { rejectSecret } from '../../lib/settings/values.ts'
import { fail, type Note, ok } from './finding.ts'

export function checkSecrets(config: Config): Note[] {
  // What the environment holds was checked when it was read.
  if (config.secretKeys.length > 0) return [ok('the master secret is in MAILGATEWAY_SECRET_KEY')]
  const file = secretFile(config.dataDir)
  if (sharesData(config)) {
    const found = 'MAILGATEWAY_SECRET_KEY is not set: gateways on MySQL or Redis do not start without it'
    return [fail(found, `give each the text of ${file} if there is such a file, else a new one`)]
  }
  if (!existsSync(file)) {
    if (config.database.kind === 'sqlite' && !existsSync(config.database.file))
      return [ok('none yet; the first start makes one')]
    const found = `${file} is missing: the next start makes a new one, and what the old one has sealed stays shut`
    return [fail(found, 'bring it back from a backup before the next start')]
  }
  const { mode, uid } = statSync(file)
  const notes: Note[] = []
  if ((mode & 0o077) !== 0) {
    const found = `${file} can be read by other users (mode ${(mode & 0o777).toString(8)})`
    notes.push(
      fail(found, `chmod 600 ${file}; who has read it can use it, so make a new one if that matters`),
    )
  }
  if (uid !== statSync(config.dataDir).uid) {
    notes.push(fail(`${file} belongs to another user than its folder`, `chown it to the user of the gateway`))
  }
  const rejected = rejectSecret(readFileSync(file, 'utf8').trim(), 32)
  if (rejected !== undefined) {
    notes.push(
      fail(
        `the text in ${file} ${rejected}`,
        'bring it back from a backup; or remove it, and start the gateway',
      ),
    )
  }
  return notes.length > 0 ? notes : [ok(`${file} is its owner's alone`)]
}
