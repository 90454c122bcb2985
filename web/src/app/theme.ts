/** Light or dark: as the system has it, unless somebody chose. */
import { type ThemeConfig, theme } from 'antd'
import { useSyncExternalStore } from 'react'

export type Mode = 'light' | 'dark'

const place = 'mailgateway.mode'
const system = matchMedia('(prefers-color-scheme: dark)')
const watchers = new Set<() => void>()

export function mode(): Mode {
  const chosen = localStorage.getItem(place)
  if (chosen === 'light' || chosen === 'dark') return chosen
  return system.matches ? 'dark' : 'light'
}

export function setMode(next: Mode): void {
  localStorage.setItem(place, next)
  tell()
}

function tell(): void {
  document.documentElement.style.colorScheme = mode()
  for (const watcher of watchers) watcher()
}

export function useMode(): Mode {
  return useSyncExternalStore(watch, mode)
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

system.addEventListener('change', tell)
tell()

export const themeOf = (chosen: Mode): ThemeConfig => ({
  algorithm: chosen === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
  token: { colorPrimary: '#1668dc', borderRadius: 6, wireframe: false },
})
