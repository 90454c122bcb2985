/** What a statement may be given. Each driver would understand anything else in a way of its own. */

const isPlain = (value: unknown) => value === null || typeof value === 'string' || Number.isFinite(value)

/** @throws TypeError unless all are text, finite numbers or null */
export function refuseOdd(parameters: readonly unknown[]): void {
  const odd = parameters.findIndex(value => !isPlain(value))
  if (odd < 0) return
  throw new TypeError(`a parameter is ${typeof parameters[odd]}; statements are given text, numbers and null`)
}
