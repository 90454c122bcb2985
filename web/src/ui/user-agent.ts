/** The names that people know, the more special one first: Edge calls itself Chrome, and Chrome Safari. */
const browsers: [RegExp, string][] = [
  [/\bEdg\w*\/(\d+)/, 'Edge'],
  [/\bFirefox\/(\d+)/, 'Firefox'],
  [/\b(?:Headless)?Chrome\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)\S* .*Safari\//, 'Safari'],
  [/\bcurl\/(\d+)/, 'curl'],
]
const systems: [RegExp, string][] = [
  [/\bWindows\b/, 'Windows'],
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/** `Firefox 140, Windows`; what is not known stays as it came. */
export function nameBrowser(userAgent: string): string {
  const browser = browsers.find(([pattern]) => pattern.test(userAgent))
  if (!browser) return userAgent.slice(0, 40) || '–'
  const version = browser[0].exec(userAgent)?.[1]
  const system = systems.find(([pattern]) => pattern.test(userAgent))
  return [`${browser[1]} ${version}`, system?.[1]].filter(Boolean).join(', ')
}
