import type { Answer } from '../../api/types.ts'

export type Admin = Answer<'GET /api/admins'>['items'][number]
