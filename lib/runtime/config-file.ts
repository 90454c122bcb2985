import { readFileSync } from 'node:fs'
import { isMap, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { isSettingKey, type SettingKey, settingKeys } from '../settings/definitions.ts'
import { ConfigError, quoteKey, type Reading, suggestName } from './config-error.ts'

const sections = [...new Set(settingKeys.map(key => key.slice(0, key.indexOf('.'))))]

/**
 * Reads the text of a configuration file.
 * @param source the file's name for messages
 * @param path its absolute path
 * @returns undefined when the file does not exist
 * @throws ConfigError when it cannot be read or is not UTF-8
 */
export function readConfigText(source: string, path: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const code = 'code' in error ? error.code : undefined
    if (code === 'ENOENT') return undefined
    if (error instanceof TypeError) throw new ConfigError(`${source}: is not UTF-8 text; save it as UTF-8`)
    throw new ConfigError(`${source}: cannot be read (${code}); name a YAML file this user may read`)
  }
}

/** Names the fault of a YAML text without the parser's message, which may repeat parts of a value. */
function describeFault(code: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab; indent with spaces'
  if (code === 'BAD_INDENT') return 'uneven indentation; begin all settings of a section in one column'
  return 'not valid YAML; write `name: value`, and quotes around a value with special characters'
}

/**
 * Reads the settings out of a YAML text: sections with one level of settings, each a single value. Values come
 * back as the text that was written (`0123` keeps its zero); an empty value and `null` are the empty text.
 * @param source the file's name for messages
 * @throws ConfigError for faulty YAML, doubled keys, unknown keys and nested values, with the line number
 */
export function parseConfigText(source: string, content: string): Map<SettingKey, Reading> {
  const lines = new LineCounter()
  // Doubled keys are found here and not by the parser, to name the key and both lines.
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const fail = (subject: string, line: number, wrong: string): never => {
    throw new ConfigError(`${subject === '' ? '' : `${subject} in `}${source} line ${line}: ${wrong}`)
  }
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault) fail('', lines.linePos(fault.pos[0]).line, describeFault(fault.code))

  const readings = new Map<SettingKey, Reading>()
  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) return readings
  const seen = new Map<string, number>()
  const visit = (map: YAMLMap, prefix: string, take: (name: string, pair: Pair, line: number) => void) => {
    for (const pair of map.items) {
      const line = isScalar(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : 1
      const name = `${prefix}${isScalar(pair.key) ? String(pair.key.value) : 'a key that is no name'}`
      const earlier = seen.get(name)
      if (earlier !== undefined)
        fail(quoteKey(name), line, `written twice, first in line ${earlier}; keep one`)
      seen.set(name, line)
      take(name, pair, line)
    }
  }
  const takeSetting = (key: string, pair: Pair, line: number) => {
    if (!isSettingKey(key))
      return fail(quoteKey(key), line, `unknown setting; ${suggestName(key, settingKeys)}`)
    const { value } = pair
    if (value !== null && !isScalar(value))
      return fail(key, line, 'not a single value; write one text or number')
    const text = readScalar(value)
    readings.set(key, { text, place: `${key} in ${source} line ${line}`, source })
  }
  const takeSection = (name: string, pair: Pair, line: number) => {
    if (!sections.includes(name))
      fail(quoteKey(name), line, `unknown section; ${suggestName(name, sections)}`)
    const { value } = pair
    if (isMap(value)) visit(value, `${name}.`, takeSetting)
    else if (!(value === null || (isScalar(value) && value.value === null)))
      fail(name, line, 'is a section; write its settings below it, indented')
  }
  if (!isMap(root))
    return fail('', 1, 'no settings; write sections like `auth:` with settings below, indented')
  visit(root, '', takeSection)
  return readings
}

function readScalar(value: { value: unknown; source?: string } | null): string {
  if (value === null || value.value === null) return ''
  return typeof value.value === 'string' ? value.value : (value.source ?? String(value.value))
}
