/** The console's files, beside the API on the admin plane. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Context, Hono } from 'hono'

const root = fileURLToPath(new URL('../../web/dist/', import.meta.url))

/** Names under /assets change with their content; all else is asked for anew. */
const caching = (path: string) =>
  path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'

/**
 * Every path that no file and no operation has is the console's start page, which reads the path itself: so a link into
 * the console opens what it says. Without web/dist there is no console.
 */
export function serveConsole(app: Hono): void {
  if (!existsSync(root)) return
  const onFound = (path: string, c: Context) => c.header('Cache-Control', caching(path))
  const files = serveStatic({ root, precompressed: true, onFound })
  const start = serveStatic({ root, path: 'index.html', precompressed: true, onFound })
  app.get('*', async (c, next) => {
    if (c.req.path.startsWith('/api/')) return next()
    const file = await files(c, async () => {})
    if (file) return file
    const wantsPage = c.req.header('Accept')?.includes('text/html')
    return wantsPage ? start(c, next) : next()
  })
}
