/** One-time codes of mailboxes, what they opened, and the networks that their owners come from. */
import { z } from 'zod'
import { operationsOf } from '../../lib/http/operation.ts'
import { text } from '../../lib/input.ts'
import { forgetNetworks, unlockMailbox } from '../../lib/login/unlock.ts'
import { type Enrolled, enrolledSchema, mailboxSchema } from '../../lib/mailbox/mailbox.ts'
import {
  confirmTotp,
  disableTotp,
  enableTotp,
  grantSchema,
  listGrants,
  resetTotp,
  revokeGrants,
} from '../../lib/mailbox/totp.ts'
import { drawQr } from '../../lib/qr.ts'
import type { Services } from '../../lib/runtime/services.ts'
import { idempotent } from './idempotent.ts'

const operation = operationsOf<Services>()
const named = z.strictObject({ name: z.string() })

/** What is shown once of a new secret. */
export const pictures = z.strictObject({
  qr_svg: z.string().describe('The same as a picture: SVG text.'),
  qr_png: z.string().describe('The same as a picture: PNG in a data URL.'),
})
export const withPictures = async (enrolled: Enrolled) => ({
  ...enrolled,
  ...(await drawQr(enrolled.otpauth)),
})
const enrolledAnswer = enrolledSchema.extend(pictures.shape)

export const codes = [
  operation({
    route: 'POST /api/users/{name}/totp',
    role: 'operator',
    summary: 'Makes a secret for one-time codes; they are asked for when it is confirmed.',
    action: 'user totp enable',
    path: named,
    answer: enrolledAnswer,
    status: 201,
    handle: async ({ services, path }) => withPictures(await enableTotp(services, path)),
  }),
  operation({
    route: 'POST /api/users/{name}/totp/confirm',
    role: 'operator',
    summary: 'Puts the new secret in force: with a code of it, or null on the word of whoever asks.',
    action: 'user totp confirm',
    path: named,
    body: z.strictObject({
      code: text()
        .regex(/^\d{6}$/, 'must be 6 digits')
        .nullable(),
    }),
    answer: mailboxSchema,
    handle: ({ services, path, body }) => confirmTotp(services, { ...path, ...body }),
  }),
  operation({
    route: 'POST /api/users/{name}/totp/reset',
    role: 'operator',
    summary: 'Another secret at once, for a new or lost phone; codes and grants of the old one are dead.',
    action: 'user totp reset',
    path: named,
    answer: enrolledAnswer,
    status: 201,
    handle: async ({ services, path }) => withPictures(await resetTotp(services, path)),
  }),
  operation({
    route: 'DELETE /api/users/{name}/totp',
    role: 'operator',
    summary: 'Asks for no codes any more; the secret is gone.',
    action: 'user totp disable',
    path: named,
    handle: ({ services, path }) => idempotent(disableTotp(services, path)),
  }),
  operation({
    route: 'GET /api/users/{name}/grants',
    role: 'auditor',
    summary: 'The strings of password and code that are, or were, good, and in which network; newest first.',
    path: named,
    answer: z.strictObject({ items: z.array(grantSchema) }),
    handle: async ({ services, path }) => ({ items: await listGrants(services, path) }),
  }),
  operation({
    route: 'DELETE /api/users/{name}/grants',
    role: 'operator',
    summary: 'Ends all grants: whoever used one has to type a new code.',
    action: 'user revoke',
    path: named,
    handle: ({ services, path }) => idempotent(revokeGrants(services, path)),
  }),
  operation({
    route: 'DELETE /api/users/{name}/grants/{grant}',
    role: 'operator',
    summary: 'Ends one grant.',
    action: 'user revoke',
    path: named.extend({ grant: z.string() }),
    handle: ({ services, path }) => idempotent(revokeGrants(services, path)),
  }),
  operation({
    route: 'POST /api/users/{name}/unlock',
    role: 'operator',
    summary: 'Lifts every lock and count that guessing has led to; bans of addresses stay.',
    action: 'user unlock',
    path: named,
    answer: mailboxSchema,
    handle: ({ services, path }) => unlockMailbox(services, path.name),
  }),
  operation({
    route: 'DELETE /api/users/{name}/networks',
    role: 'operator',
    summary: 'Makes a familiar network strange again, or all of them. GET /api/users/{name} lists them.',
    action: 'user forget',
    path: named,
    query: z.strictObject({ network: z.string().optional() }),
    handle: ({ services, path, query }) => idempotent(forgetNetworks(services, { ...path, ...query })),
  }),
]
