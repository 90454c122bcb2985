/** The console and the API on one address, so that the browser keeps its cookie to itself. */
import { Hono } from 'hono'
import { proxySecretHeader } from '../../lib/http/client-address.ts'
import { addHeaders } from '../../lib/http/headers.ts'
import { type FunctionName, plan } from '../plan.ts'
import type { Choices } from './choices.ts'
import type { Functions } from './functions.ts'
import type { Secrets } from './secrets.ts'

export function createConsole({ domain, certificate }: Choices, { proxySecrets }: Secrets) {
  const own =
    certificate === null ? { name: domain! } : { name: domain!, dns: false as const, cert: certificate }
  // One shows a secret. Given as one it would make a secret of all that the router has, its address too, but not of this.
  $transform(aws.cloudfront.Function, args => {
    args.code = $util.secret(args.code)
  })
  const router = new sst.aws.Router('Console', {
    ...(domain !== null && { domain: own }),
    edge: {
      viewerRequest: { injection: $util.unsecret(proxySecrets).apply(showSecret) },
      viewerResponse: { injection: $output(headersOfAdapter()).apply(addWhereMissing) },
    },
  })
  const files = new sst.aws.StaticSite('ConsoleFiles', {
    path: 'dist/site',
    router: { instance: router },
    assets: {
      fileOptions: [
        { files: '**', cacheControl: 'no-cache' },
        // Their names change with their content.
        { files: 'assets/**', cacheControl: 'public, max-age=31536000, immutable' },
      ],
    },
    dev: false,
    transform: { assets: { cors: false } },
  })
  return { router, files, url: router.url }
}

/** What begins with none of these paths is the console's own, of which the page itself makes sense. */
export function routeConsole(
  { router, files }: ReturnType<typeof createConsole>,
  functions: Functions,
): void {
  for (const [name, { paths = [], timeout }] of Object.entries(plan)) {
    for (const path of paths) {
      router.route(path, functions[name as FunctionName].url, { readTimeout: `${timeout} seconds` })
    }
  }
  router.routeBucket('/api/openapi.json', files.nodes.assets!)
}

/** Run by CloudFront with each request: in the place of what a browser may have sent there. */
const showSecret = (secrets: string[]) =>
  `event.request.headers[${JSON.stringify(proxySecretHeader.toLowerCase())}] = { value: ${JSON.stringify(secrets.at(-1))} };`

/** The same that the adapter sends with the console's files. */
async function headersOfAdapter(): Promise<[string, string][]> {
  const app = new Hono()
  addHeaders(app, [], [])
  const { headers } = await app.request('https://console.example.org/')
  return [...headers].filter(([name]) => name !== 'content-type')
}

/** Run by CloudFront with each answer; those of the API bring their own. */
const addWhereMissing = (headers: [string, string][]) => `
  const sent = event.response.headers;
  ${JSON.stringify(headers)}.forEach(h => { if (!sent[h[0]]) sent[h[0]] = { value: h[1] }; });`
