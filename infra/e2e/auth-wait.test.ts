import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Dialogue, openDialogue } from './dialogue.ts'
import { type Rig, startRig } from './rig.ts'

/** As many wrong tries are answered with a wait, after which the connection goes on; the next one ends it. */
const triesThatGoOn = 10
const password = 'correct horse battery'

interface Speaker {
  protocol: 'imap' | 'pop3' | 'smtp'
  port: number
  tryLogin(dialogue: Dialogue, user: string, password: string): Promise<string[]>
  /** The last line of a refusal, and of a success. */
  no: RegExp
  yes: RegExp
}

const speakers: Speaker[] = [
  {
    protocol: 'imap',
    port: 993,
    tryLogin: (imap, user, pass) => imap.ask(`a LOGIN ${user} "${pass}"`, /^a /),
    no: /^a NO \[AUTHENTICATIONFAILED\] /,
    yes: /^a OK /,
  },
  {
    protocol: 'pop3',
    port: 995,
    async tryLogin(pop3, user, pass) {
      await pop3.ask(`USER ${user}`, /^\+OK/)
      return pop3.ask(`PASS ${pass}`, /^/)
    },
    no: /^-ERR \[AUTH\] /,
    yes: /^\+OK /,
  },
  {
    protocol: 'smtp',
    port: 465,
    tryLogin: (smtp, user, pass) =>
      smtp.ask(`AUTH PLAIN ${Buffer.from(`\0${user}\0${pass}`).toString('base64')}`, /^/),
    no: /^535 5\.7\.8 /,
    yes: /^235 /,
  },
]

let rig: Rig

const mailboxOf = ({ protocol }: Speaker) => `${protocol}@example.com`

const open = ({ port }: Speaker) => openDialogue(rig.port(port), rig.nginx.certificate, { implicitTls: true })

beforeAll(async () => {
  rig = await startRig()
  for (const speaker of speakers) await rig.addMailbox({ name: mailboxOf(speaker), password })
})

afterAll(() => rig?.stop())

describe.concurrent.each(speakers)('$protocol', speaker => {
  test('the connection outlives ten wrong tries and is closed after the eleventh', async () => {
    await using dialogue = await open(speaker)
    for (let attempt = 1; attempt <= triesThatGoOn + 1; attempt += 1) {
      const answer = await speaker.tryLogin(dialogue, mailboxOf(speaker), 'the wrong one')
      expect(answer).toEqual([expect.stringMatching(speaker.no)])
    }
    expect(await dialogue.readLine()).toBeUndefined()
  }, 90_000) // half a minute of it is waits

  test('the right password after wrong ones gets in on the same connection', async () => {
    await using dialogue = await open(speaker)
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const answer = await speaker.tryLogin(dialogue, mailboxOf(speaker), 'the wrong one')
      expect(answer).toEqual([expect.stringMatching(speaker.no)])
    }
    const answer = await speaker.tryLogin(dialogue, mailboxOf(speaker), password)
    expect(answer).toEqual([expect.stringMatching(speaker.yes)])
  })
})
