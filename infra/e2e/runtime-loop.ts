/**
 * A cloud function's runtime, as its documentation describes the Runtime API: ask for the next event, hand it to the
 * handler, post what it returns. Run as `node runtime-loop.ts BUNDLE` with AWS_LAMBDA_RUNTIME_API set.
 */
import { pathToFileURL } from 'node:url'

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`
const { handler } = await import(pathToFileURL(process.argv[2]!).href)

for (;;) {
  const next = await fetch(`${api}/next`)
  const id = next.headers.get('Lambda-Runtime-Aws-Request-Id')
  const deadline = Number(next.headers.get('Lambda-Runtime-Deadline-Ms'))
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() }
  const result = await handler(await next.json(), context)
  await fetch(`${api}/${id}/response`, { method: 'POST', body: JSON.stringify(result) })
}
