/** CloudFront with the functions and the routes that a rehearsal has asked for. */
import type { Rehearsal } from './rehearse.ts'

type Headers = Record<string, { value: string }>

/** Where a request goes, and as what. */
export interface Sent {
  host: string
  uri: string
  headers: Headers
}

const storeOf = ({ noted }: Rehearsal) => {
  const store = new Map<string, string>()
  const routes = new Map<string, string[]>()
  for (const { name, inputs } of noted) {
    if (name.endsWith('.KvKeys')) {
      for (const [key, value] of Object.entries(inputs.entries))
        store.set(`${inputs.namespace}:${key}`, String(value))
    }
    if (name.endsWith('.KvRoutesUpdate')) {
      const place = `${inputs.namespace}:${inputs.key}`
      routes.set(place, [...(routes.get(place) ?? []), inputs.entry])
    }
  }
  for (const [place, entries] of routes) store.set(place, JSON.stringify(entries))
  return store
}

/** It is kept as a secret, in the wrapping that Pulumi gives those. */
export const codeOf = ({ noted }: Rehearsal, kind: 'Request' | 'Response'): string =>
  noted.find(({ name }) => name === `ConsoleCloudfrontFunction${kind}`)!.inputs.code.value

/** The handler of a function, with the library that CloudFront gives it. */
function load(code: string, cf: object): (event: object) => Promise<{ uri: string; headers: Headers }> {
  return new Function('cf', `${code.replace('import cf from "cloudfront";', '')}; return handler`)(cf)
}

export async function route(rehearsal: Rehearsal, uri: string, headers: Headers = {}): Promise<Sent> {
  const store = storeOf(rehearsal)
  let host = ''
  const cf = {
    kvs: () => ({
      async get(key: string) {
        if (!store.has(key)) throw new Error(`no ${key}`)
        return store.get(key)
      },
    }),
    updateRequestOrigin: ({ domainName }: { domainName: string }) => {
      host = domainName
    },
  }
  const request = {
    uri,
    method: 'GET',
    headers: { host: { value: 'console.example.org' }, ...headers },
    cookies: {},
    querystring: {},
  }
  const sent = await load(codeOf(rehearsal, 'Request'), cf)({ request })
  return { host, uri: sent.uri, headers: sent.headers }
}

/** @returns the headers of an answer as browsers get them */
export async function answerHeaders(rehearsal: Rehearsal, headers: Headers): Promise<Headers> {
  return (await load(codeOf(rehearsal, 'Response'), {})({ response: { headers } })).headers
}
