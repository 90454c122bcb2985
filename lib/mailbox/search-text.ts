/** The text that a mailbox is found by: its name, its owner, and the name as it was typed where that is another text. */
import type { User } from '../database/schema.ts'
import { fold } from '../fold.ts'

/** As wide as the column, in characters: an index of MySQL takes no more. Of names over 140 characters, long owners are cut. */
const longest = 400

/** It begins with the name and a line break, the only one: so it sorts as the name does, and holds its domain's end. */
export function searchTextOf({ name, login, owner }: Pick<User, 'name' | 'login' | 'owner'>): string {
  const typed = fold(login) === name ? '' : ` ${fold(login)}`
  return Array.from(`${name}\n${fold(owner)}${typed}`)
    .slice(0, longest)
    .join('')
}

/** The columns that lists go by: whoever writes a row writes them, too. */
export const listColumns = (user: User) => ({
  search_text: searchTextOf(user),
  totp: (user.totp_secret === null ? 0 : user.totp_confirmed === 1 ? 2 : 1) as 0 | 1 | 2,
})

/** What every name of a domain ends with in its text. */
export const domainEnd = (domain: string): string => `@${domain}\n`

/** In the order of their texts, right before and right behind everything that a mailbox of this name could have. */
export const beforeName = (name: string): string => `${name}\n`
export const behindName = (name: string): string => `${name}\v`
