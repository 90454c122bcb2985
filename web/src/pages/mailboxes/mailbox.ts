import type { Answer } from '../../api/types.ts'

/** One mailbox with all that its drawer shows. */
export type Mailbox = Answer<'GET /api/users/{name}'>
