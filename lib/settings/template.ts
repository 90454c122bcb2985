/** Texts with places for what is not known before: `{user}`. */
import { type ValueType, valueType } from './values.ts'

const place = /\{([^{}]*)\}/g

/** A text of at most `max` characters in which only these names may stand in braces; empty means the built-in text. */
export function template(max: number, isOneLine: boolean, names: readonly string[]): ValueType<string> {
  const type = isOneLine ? 'text' : 'long_text'
  return valueType({ type, min: 0, max, placeholders: [...names] }, text => {
    const value = text.replaceAll('\r\n', '\n').trim()
    const noted = value.replaceAll(place, (whole, name: string) => (names.includes(name) ? '' : whole))
    if (/[{}]/.test(noted)) {
      return {
        rejected: `holds a placeholder that is not known; write ${names.map(n => `{${n}}`).join(', ')}`,
      }
    }
    const strange = isOneLine ? /\p{Cc}|\p{Zl}|\p{Zp}/u : /(?![\n\t])\p{Cc}/u
    if (value.length <= max && !strange.test(value)) return value
    const lines = isOneLine ? 'of one line' : 'of any lines'
    return { rejected: `is not allowed; write up to ${max} characters ${lines}, without control characters` }
  })
}

/** Puts the values in their places, in one pass: a brace in a value stays what it is. */
export const fillTemplate = (text: string, values: Record<string, string>) =>
  text.replaceAll(place, (whole, name: string) => values[name] ?? whole)
