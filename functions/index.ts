/** The functions, one per concern. Each can run in any host: the adapter's listeners, a cloud function, a test. */
import { createNginxAuth, path } from './nginx-auth/app.ts'

export const functions = [
  /** nginx plane: loopback or a unix socket, answers in headers, nothing else may listen there. */
  { name: 'nginx-auth', path, plane: 'nginx', create: createNginxAuth },
] as const
