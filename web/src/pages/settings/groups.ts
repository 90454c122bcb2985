/** Which settings stand together. */
import type { Answer } from '../../api/types.ts'

export type Setting = Answer<'GET /api/settings'>[number]

/** The sections of each group, in the order of the page. */
export const groups = {
  security: ['auth', 'guessing'],
  signIn: ['admin', 'jwt'],
  totp: ['totp'],
  backends: ['backend'],
  logs: ['log'],
  mail: ['smtp', 'notify'],
  texts: ['notifyTexts'],
  server: ['server', 'auth_server', 'edge', 'database', 'redis'],
} as const

export type Group = keyof typeof groups

/** The texts of notices are many and rarely changed: a group of their own. */
export function sectionOf({ key, placeholders }: Pick<Setting, 'key' | 'placeholders'>): string {
  return placeholders ? 'notifyTexts' : (key.split('.')[0] ?? '')
}
