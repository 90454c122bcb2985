/** What follows from a text that comes again and again, at every login of a user, is worked out once. */

/**
 * @param compute depends on the text only
 * @param most results remembered; then all are forgotten
 * @returns `compute`, with results that nobody may change: they are shared
 */
export function memoize<T>(compute: (text: string) => T, most = 10_000): (text: string) => Readonly<T> {
  const results = new Map<string, Readonly<T>>()
  return text => {
    const known = results.get(text)
    if (known !== undefined) return known
    const result = compute(text)
    if (results.size >= most) results.clear()
    results.set(text, result)
    return result
  }
}
