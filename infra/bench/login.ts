/** `npm run bench`: warm logins of the embedded default beside a constant answer, in one run, as ratios. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hashSync } from 'bcryptjs'
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { ask, nginxLines, writeRequest } from '../e2e/ask.ts'
import { startGateway } from '../e2e/gateway.ts'
import { startGreeters } from '../e2e/greeter.ts'
import { addBackends, openInProcess } from '../e2e/in-process.ts'
import { chooseFreePort } from '../e2e/ports.ts'
import { type Measurement, measure } from './generator.ts'

const users = 1_000
const rounds = 2
const roundMs = 3_000
const password = 'correct horse 1'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-bench-'))
const greeters = await startGreeters()
const names = Array.from({ length: users }, (_, i) => `user${i}@example.com`)
const requests = names.map(user => writeRequest(nginxLines({ user, password })))

const seed = await openInProcess({ MAILGATEWAY_DATA_DIR: folder })
await addBackends(seed.services, greeters.ports)
// Warm logins are measured, so a cheap hash only shortens the preparation.
const hash = hashSync(password, 4)
const quick = { ...seed.services, passwords: { hash: async () => hash } }
for (const name of names) await addMailbox(quick, { name, password })
await seed.close()

const gateway = await startGateway(folder, { settings: { MAILGATEWAY_LOG_LEVEL: 'warn' } })
const constantPort = await chooseFreePort()
const constant = spawn(process.execPath, [
  fileURLToPath(new URL('./constant.ts', import.meta.url)),
  `${constantPort}`,
])
await sleep(1_000)
for (let i = 0; i < users; i += 50) {
  await Promise.all(
    names.slice(i, i + 50).map(user => ask(gateway.ports.nginx, nginxLines({ user, password }))),
  )
}

const show = ({ perSecond, p50, p99, refused }: Measurement) =>
  `${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50.toFixed(1).padStart(5)} ms  p99 ${p99.toFixed(1).padStart(6)} ms${refused ? `  ${refused} not OK` : ''}`

for (const inFlight of [1, 16, 64, 256]) {
  for (let round = 0; round < rounds; round++) {
    const plain = await measure(constantPort, requests, inFlight, roundMs)
    const warm = await measure(gateway.ports.nginx, requests, inFlight, roundMs)
    const ratio = ((warm.perSecond / plain.perSecond) * 100).toFixed(0)
    console.log(
      `${String(inFlight).padStart(3)} in flight  constant ${show(plain)}   login ${show(warm)}   ${ratio} %`,
    )
  }
}

await gateway.stop()
constant.kill()
await once(constant, 'exit')
greeters.close()
rmSync(folder, { recursive: true })
