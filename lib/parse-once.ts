/** JSON that comes again and again as the same text, at every login of a user, is parsed once. */

/** @param most texts remembered; then all are forgotten. @returns values that nobody may change: they are shared */
export function createParser<T>(most = 10_000): (text: string) => Readonly<T> {
  const parsed = new Map<string, Readonly<T>>()
  return text => {
    const known = parsed.get(text)
    if (known !== undefined) return known
    const value: T = JSON.parse(text)
    if (parsed.size >= most) parsed.clear()
    parsed.set(text, value)
    return value
  }
}
