/** The functions, one per concern. Each can run in any host: the adapter's listeners, a cloud function, a test. */
import { answerUnparsed, createNginxAuth, notDecided } from './nginx-auth/app.ts'

/** Asked by nginx at every login. Has a listener of its own: its answers are header lines, and few of them. */
export const nginxAuth = { name: 'nginx-auth', create: createNginxAuth, answerUnparsed, fallback: notDecided }

/** All of them; the name is that of the folder. */
export const functions = [nginxAuth] as const
