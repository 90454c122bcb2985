// Words that by themselves mark a value as an example, longer ones first where one begins another.
const marker =
  /passphrase|password|passw0rd|p@ssw0rd|passwd|changeit|change|secret|example|admin|sample|default|placeholder|replace|qwerty|letmein|dummy|insecure|your|here|test|todo|demo/g

// Words that only surround such a word: "your-JWT-key-in-production-please-change".
const filler =
  /mailgateway|production|characters|random|string|please|minimum|secure|strong|should|server|mysql|redis|jwt|auth|token|value|super|chars|least|must|that|this|with|long|root|user|some|key|dev|min|use|for|not|and|the|is|me|it|my|in|at|to|of|be|db/g

// Sequences that people type where a secret should be.
const sequences = ['1234567890', '0123456789', '0123456789abcdef', 'abcdefghijklmnopqrstuvwxyz']

/**
 * Tells whether a secret is one of the values that samples and manuals show: made of nothing but words like
 * "change-me", "your_jwt_secret" or "password", with at most eight digits, or a bare sequence, one character
 * repeated, or a template that was not filled in (`<secret>`, `${SECRET}`). Letter case and punctuation do
 * not matter. The empty text is no example.
 */
export function isExampleSecret(text: string): boolean {
  const lower = text.trim().toLowerCase()
  if (lower === '') return false
  if (/^(.)\1*$/s.test(lower) || /^<.*>$/s.test(lower) || /^\$?\{.*\}$/s.test(lower)) return true
  if (
    sequences.some(sequence => sequence.repeat(Math.ceil(lower.length / sequence.length)).startsWith(lower))
  )
    return lower.length >= 3
  const withoutMarkers = lower.replace(marker, '-')
  if (withoutMarkers === lower) return false
  const lone = /(?<![\p{L}\p{N}])[a-z](?![\p{L}\p{N}])/gu
  const rest = withoutMarkers
    .replace(filler, '-')
    .replace(lone, '')
    .replace(/[^\p{L}\p{N}]+/gu, '')
  return rest === '' || /^(?:\d{1,8}|x+)$/.test(rest)
}
