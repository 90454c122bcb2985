/** Settings that are good only together. */
import type { SettingKey, Settings } from '../settings/definitions.ts'

interface Rule {
  keys: readonly SettingKey[]
  holds(settings: Settings): boolean
  message: string
}

const rules: readonly Rule[] = [
  {
    keys: ['auth.hash_deadline', 'auth.deadline'],
    holds: ({ auth }) => auth.hash_deadline < auth.deadline,
    message: 'auth.hash_deadline must be below auth.deadline',
  },
]

/**
 * The first rule that the settings break.
 * @param changed what the configuration file has brought together is nobody's fault who changes something else
 */
export function findBroken(settings: Settings, changed: readonly SettingKey[]): Rule | undefined {
  return rules.find(rule => rule.keys.some(key => changed.includes(key)) && !rule.holds(settings))
}
