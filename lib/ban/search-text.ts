/** The text that a ban is found by: prefix, author and reason. */
import type { BanRow } from '../database/schema.ts'
import { fold } from '../fold.ts'

/** As wide as the column, in characters: an index of MySQL takes no more. The end of a longer reason is not searched. */
const longest = 400

/** No search has a line break in it, so none matches over the edge of two fields. */
export const searchTextOf = ({ cidr, author, note }: Pick<BanRow, 'cidr' | 'author' | 'note'>): string =>
  Array.from([cidr, author, note].map(fold).join('\n')).slice(0, longest).join('')
