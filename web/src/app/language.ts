/** The language of the console. Texts stand beside what shows them, as one object per language with the same keys. */
import { useSyncExternalStore } from 'react'

export type Language = 'en' | 'zh'

const place = 'mailgateway.language'
const watchers = new Set<() => void>()
let current: Language = read()
document.documentElement.lang = current

function read(): Language {
  const kept = localStorage.getItem(place)
  if (kept === 'en' || kept === 'zh') return kept
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

export const language = (): Language => current

export function setLanguage(next: Language): void {
  current = next
  localStorage.setItem(place, next)
  document.documentElement.lang = next
  for (const watcher of watchers) watcher()
}

export function useLanguage(): Language {
  return useSyncExternalStore(watch, language)
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** Texts of both languages: the Chinese ones must have every key of the English ones. */
export interface Texts<T> {
  en: T
  zh: T
}

export function useTexts<T>(texts: Texts<T>): T {
  return texts[useLanguage()]
}

/** For `Intl`. */
export const localeOf = (chosen: Language): string => (chosen === 'zh' ? 'zh-CN' : 'en-GB')
