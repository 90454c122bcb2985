/** What browsers are told beside every answer of the admin plane. */
import type { Hono, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'

type Options = NonNullable<Parameters<typeof secureHeaders>[0]>

const everywhere = {
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    // The console's components write their styles into the page; scripts come from files alone.
    styleSrc: ["'self'", "'unsafe-inline'"],
    // QR codes.
    imgSrc: ["'self'", 'data:'],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  referrerPolicy: 'no-referrer',
  permissionsPolicy: {
    camera: [],
    microphone: [],
    geolocation: [],
    payment: [],
    usb: [],
  },
} satisfies Options

const plain = secureHeaders({ ...everywhere, strictTransportSecurity: false })
const overTls = secureHeaders({ ...everywhere, strictTransportSecurity: 'max-age=31536000' })

/**
 * @param paths those of the API
 * @param origins whose pages may call it, with what the browser holds for it; none of all others may
 */
export function addHeaders(app: Hono, paths: readonly string[], origins: readonly string[]): void {
  app.use((c, next) => (c.req.url.startsWith('https:') ? overTls(c, next) : plain(c, next)))
  const keepNowhere: MiddlewareHandler = async (c, next) => {
    await next()
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
  }
  for (const path of paths) app.use(path, keepNowhere)
  if (origins.length === 0) return
  const shared = cors({
    origin: [...origins],
    credentials: true,
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'Accept-Language', 'X-Request-Id'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'Content-Disposition', 'Allow'],
    maxAge: 600,
  })
  const share: MiddlewareHandler = (c, next) => {
    if (origins.includes(c.req.header('Origin') ?? '')) return shared(c, next)
    c.header('Vary', 'Origin', { append: true })
    return next()
  }
  for (const path of paths) app.use(path, share)
}
