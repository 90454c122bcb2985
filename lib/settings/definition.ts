/** How one setting is declared. */
import type { ValueType } from './values.ts'

export interface Definition<T> {
  /** How its text is read and printed. */
  type: ValueType<T>
  /** As text. */
  default: string
  /** One sentence for people, in each language of the console. */
  help: { en: string; zh: string }
  /** Write-only: it is never shown, only whether one is set. */
  secret: boolean
  /** Whether people can change it while the gateway runs. The others are needed before the database is open. */
  live: boolean
  /** Name of its row in `system_config`, where that is not the setting's own: what the original called it. */
  storedAs?: string
}

/** A setting that is in force from the start of a process to its end. */
export function fixed<T>(type: ValueType<T>, text: string, en: string, zh: string): Definition<T> {
  return { type, default: text, help: { en, zh }, secret: false, live: false }
}

/** A setting that people can change while the gateway runs. */
export function live<T>(type: ValueType<T>, text: string, en: string, zh: string): Definition<T> {
  return { ...fixed(type, text, en, zh), live: true }
}

export function asSecret<T>(definition: Definition<T>): Definition<T> {
  return { ...definition, secret: true }
}

export function storedAs<T>(name: string, definition: Definition<T>): Definition<T> {
  return { ...definition, storedAs: name }
}
