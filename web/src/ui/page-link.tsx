import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

interface Props {
  to: string
  /** The view there. */
  search?: Record<string, string>
  children: ReactNode
}

/** A link to a page of the menu. Their paths are a list that the router's types do not know. */
export function PageLink({ to, search = {}, children }: Props) {
  return (
    <Link to={to} search={search as never}>
      {children}
    </Link>
  )
}
