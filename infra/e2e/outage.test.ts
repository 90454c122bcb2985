import { afterAll, beforeAll, expect, test } from 'vitest'
import { useImap, usePop3, useSmtp } from './clients.ts'
import { type Rig, startRig } from './rig.ts'

const joe = { name: 'joe@example.com', password: 'correct horse battery' }

let rig: Rig

beforeAll(async () => {
  rig = await startRig({ settings: { MAILGATEWAY_BACKEND_CHECK_INTERVAL: '1s' } })
  await rig.addMailbox(joe)
})

afterAll(() => rig?.stop())

function login(port: number, password = joe.password) {
  const { certificate } = rig.nginx
  return { port: rig.port(port), tls: 'implicit', certificate, user: joe.name, password } as const
}

const no = (start: RegExp) => ({ ok: false, text: expect.stringMatching(start) })

test('with every backend down a right password gets a temporary refusal, a wrong one the usual', async () => {
  expect(await useImap(login(993))).toMatchObject({ ok: true })
  await rig.dovecot.stop()
  const listHealth = async () => JSON.stringify(await rig.gateway.do('backend list', {}))
  await expect.poll(listHealth, { timeout: 20_000, interval: 200 }).not.toContain('"up":true')
  expect(await useImap(login(993))).toEqual(no(/^\w+ NO \[UNAVAILABLE\] /))
  expect(await usePop3(login(995))).toEqual(no(/^\[SYS\/TEMP\] /))
  expect(await useSmtp(login(465))).toEqual(no(/^454 4\.7\.0 /))
  expect(await useImap(login(993, 'not the password'))).toEqual(no(/^\w+ NO \[AUTHENTICATIONFAILED\] /))
})
