/** Light or dark: as the system has it, unless somebody chose. */
import { type ThemeConfig, theme } from 'antd'
import { useSyncExternalStore } from 'react'

export type Mode = 'light' | 'dark'

const place = 'mailgateway.mode'
const system = matchMedia('(prefers-color-scheme: dark)')
const watchers = new Set<() => void>()

function mode(): Mode {
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

/** Dialogs that grow and slide make some people ill; antd does not ask by itself. As the system has it when the page opens. */
const motion = !matchMedia('(prefers-reduced-motion: reduce)').matches

/** Where antd's own colours are too pale to be read by everybody (WCAG AA). */
const tokens = {
  light: {
    colorLink: '#0f57c2',
    colorPrimaryHover: '#0f57c2',
    colorError: '#cf1322',
    colorErrorHover: '#a8071a',
    colorTextDescription: 'rgba(0, 0, 0, 0.65)',
    colorTextTertiary: 'rgba(0, 0, 0, 0.65)',
    colorTextPlaceholder: 'rgba(0, 0, 0, 0.55)',
    // Either name is taken for the texts of tags.
    green7: '#237804',
    'green-7': '#237804',
    gold7: '#874d00',
    'gold-7': '#874d00',
  },
  dark: {
    colorLink: '#69b1ff',
    colorPrimaryHover: '#2a6fd6',
    colorError: '#ff8587',
    purple7: '#b37feb',
    'purple-7': '#b37feb',
    colorTextDescription: 'rgba(255, 255, 255, 0.65)',
    colorTextTertiary: 'rgba(255, 255, 255, 0.65)',
    colorTextPlaceholder: 'rgba(255, 255, 255, 0.5)',
  },
}

export const themeOf = (chosen: Mode): ThemeConfig => ({
  algorithm: chosen === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
  token: { colorPrimary: '#1668dc', borderRadius: 6, wireframe: false, motion, ...tokens[chosen] },
  components: {
    // Empty ones are hardly seen in the pale colour of other borders.
    Radio: { colorBorder: '#8c8c8c' },
    Checkbox: { colorBorder: '#8c8c8c' },
    ...(chosen === 'dark' && {
      Menu: { itemSelectedColor: '#91caff' },
      Tabs: { itemSelectedColor: '#69b1ff' },
      Pagination: { colorPrimary: '#69b1ff', colorPrimaryHover: '#91caff' },
      Table: { rowSelectedHoverBg: '#11294f' },
      // What opens above a drawer stands out from it.
      Popover: { colorBgElevated: '#2a2a2a' },
      Dropdown: { colorBgElevated: '#2a2a2a' },
      // Seen well: the circles on their card, and what is in them.
      Steps: {
        colorPrimaryBg: '#b7dcff',
        colorPrimary: '#1668dc',
        colorFillTertiary: 'rgba(255, 255, 255, 0.3)',
      },
      Button: { dangerColor: '#141414', defaultHoverColor: '#69b1ff' },
    }),
  },
})
