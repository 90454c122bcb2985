/** Asking the gateway inside the test's own process, as nginx does. */
import { createNginxAuth, type NginxAuthServices } from '../../functions/nginx-auth/app.ts'
import type { Line } from './ask.ts'

/** @returns the headers of the answer */
export async function askApp(
  services: NginxAuthServices,
  lines: readonly Line[],
  path = '/api/auth',
): Promise<Headers> {
  const headers = lines.map(([name, value]): [string, string] => [name, value])
  return (await createNginxAuth(services).request(path, { headers })).headers
}
