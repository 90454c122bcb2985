/** Who may do what: each role may do all that the ones after it may. */

/** `superadmin`: everything. `operator`: mailboxes, bans, backends. `auditor`: reads only. */
export const roles = ['superadmin', 'operator', 'auditor'] as const

export type Role = (typeof roles)[number]

export const mayActAs = (role: Role, needed: Role): boolean => roles.indexOf(role) <= roles.indexOf(needed)
