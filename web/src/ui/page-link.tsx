import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

interface Props {
  to: string
  /** The view there. */
  search?: Record<string, string>
  /** As large as what it lies in. */
  fills?: boolean
  children: ReactNode
}

/** A link to a page of the menu. Their paths are a list that the router's types do not know. */
export function PageLink({ to, search = {}, fills = false, children }: Props) {
  return (
    <Link to={to} search={search as never} style={fills ? { display: 'block', height: '100%' } : undefined}>
      {children}
    </Link>
  )
}
