/** A configuration that cannot be used. The message is one line: the setting, its source, what is allowed. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** Where a value was written: the name for messages, and what `config print` shows as its source. */
export type Origin = { place: string; source: string }

/** A text that was read for a setting and is not checked yet. */
export type Reading = Origin & { text: string }

/** Quotes a text for a message: one line, at most 60 characters, nothing that a terminal would obey. */
export function quoteText(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(shown).replace(/[\u007f-\u009f\u2028\u2029]/g, '?')
}

/**
 * Quotes the value of a setting that is no secret. A text with `@` may be an address with a password in it,
 * pasted in the wrong place, so it is not repeated.
 */
export function quoteValue(text: string): string {
  return text.includes('@') ? 'the value' : quoteText(text)
}

/** The key as it stands when it looks like one, quoted otherwise. */
export function quoteKey(key: string): string {
  return /^[\w.-]{1,60}$/.test(key) ? key : quoteText(key)
}

/** Levenshtein distance: the least number of inserted, removed and replaced characters. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let line = 1; line <= from.length; line++) {
    const next = [line]
    for (let column = 1; column <= to.length; column++) {
      const replaced = row[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}

/** The end of a message about an unknown name: the nearest known one when at most three edits away. */
export function suggestName(unknown: string, known: string[]): string {
  const wanted = unknown.slice(0, 100)
  const ranked = known
    .map(name => ({ name, edits: countEdits(wanted, name) }))
    .sort((a, b) => a.edits - b.edits)
  const nearest = ranked[0]
  if (nearest && nearest.edits <= Math.min(3, Math.ceil(unknown.length / 3)))
    return `did you mean ${nearest.name}?`
  return 'conf/config.yaml lists every setting'
}
