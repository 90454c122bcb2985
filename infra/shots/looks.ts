/** The ways in which everything is looked at. */
export interface Look {
  name: string
  language: 'en' | 'zh'
  mode: 'light' | 'dark'
  width: number
  height: number
}

const windows = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]

export const looks: Look[] = (['en', 'zh'] as const).flatMap(language =>
  (['light', 'dark'] as const).flatMap(mode =>
    windows.map(window => ({ name: `${language}-${mode}-${window.width}`, language, mode, ...window })),
  ),
)
