/** Whether the mail server takes our mail: asked by sending one. */
import { z } from 'zod'
import { newId } from '../id.ts'
import { parseInput, text } from '../input.ts'
import { type RecordServices, recorded } from '../operation/record.ts'
import { Refusal } from '../refusal.ts'
import { readMailAddress } from '../settings/mail-addresses.ts'
import { composeTest, type Mail } from './compose.ts'
import { explainFailure } from './failure.ts'
import { type QueueServices, requireMailServer } from './queue.ts'
import { openMailServer } from './smtp.ts'

export const testMail = z.strictObject({
  to: text().refine(text => readMailAddress(text) !== null, 'must be a mail address such as joe@example.org'),
})

export const testMailSent = z.strictObject({
  to: z.string(),
  /** `host:port`. */
  server: z.string(),
  /** The server's last words, such as `250 2.0.0 Ok: queued as 4F1A`. */
  response: z.string(),
})

/**
 * Sends one mail at once, within half a minute.
 * @throws Refusal when none is sent, with what the server said and what to do; its field is the setting at fault
 */
export async function sendTestMail(
  services: QueueServices & RecordServices,
  input: unknown,
): Promise<z.infer<typeof testMailSent>> {
  const { settings, clock } = services
  const { to } = parseInput(testMail, input)
  requireMailServer(settings)
  const response = await sendNow(settings, readMailAddress(to)!, composeTest(settings, clock()))
  const result = { to, server: `${settings.smtp.host}:${settings.smtp.port}`, response }
  return recorded(services, 'notify test', async () => ({ target: to, before: null, after: result, result }))
}

async function sendNow(settings: QueueServices['settings'], to: string, mail: Mail): Promise<string> {
  const server = openMailServer(settings)
  try {
    return await server.send(newId(), to, mail)
  } catch (error) {
    const { field, text } = explainFailure(settings, error)
    throw new Refusal('conflict', field, text)
  } finally {
    server.close()
  }
}
