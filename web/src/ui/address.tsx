import type { ReactNode } from 'react'

/** A long one takes a second line, so that a table needs no more than it has. */
const style = { display: 'inline-block', maxWidth: 150, overflowWrap: 'anywhere' } as const

/** An address of a client, as text in a table. */
export const Address = ({ children }: { children: ReactNode }) => <span style={style}>{children}</span>
