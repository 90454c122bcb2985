/** Paths and who may be there. The address bar holds everything that a view is made of. */
import { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { sessionQuery } from '../api/session.ts'
import { Broken, NotFound } from './failures.tsx'
import { Frame } from './frame.tsx'
import { pages } from './pages.ts'

export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 5_000, refetchOnWindowFocus: false } },
})

const root = createRootRouteWithContext<{ client: QueryClient }>()({ errorComponent: Broken })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('../pages/sign-in/page.tsx')),
})

/** Everything behind the sign-in, which leads back to where one wanted to go. */
const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  component: Frame,
  beforeLoad: async ({ context, location }) => {
    const session = await context.client.ensureQueryData(sessionQuery)
    if (!session) throw redirect({ to: '/sign-in', search: { to: location.href } as never })
    if (session.must_change_password && location.pathname !== '/account') throw redirect({ to: '/account' })
  },
})

const account = createRoute({
  getParentRoute: () => frame,
  path: '/account',
  component: lazyRouteComponent(() => import('../pages/account/page.tsx')),
})

const pageRoutes = pages.map(({ path, load }) =>
  createRoute({ getParentRoute: () => frame, path, component: lazyRouteComponent(load) }),
)

export const router = createRouter({
  routeTree: root.addChildren([signIn, frame.addChildren([account, ...pageRoutes])]),
  context: { client: queryClient },
  defaultPreload: 'intent',
  scrollRestoration: true,
  // Every value is text, as it stands in the address.
  parseSearch: text => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: search => {
    const text = new URLSearchParams(search as Record<string, string>).toString()
    return text === '' ? '' : `?${text}`
  },
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Broken,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
