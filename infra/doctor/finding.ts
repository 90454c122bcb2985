/** What the doctor says about one thing it has looked at. */

export interface Finding {
  /** `warn`: works, or cannot be told from here. `fail`: logins, or the data, are in danger. */
  level: 'ok' | 'warn' | 'fail'
  /** What was looked at, such as `backends`. */
  subject: string
  found: string
  /** What to do; '' = nothing. */
  advice: string
}

/** A finding as its group makes it; the doctor adds the subject. */
export type Note = Omit<Finding, 'subject'>

export const ok = (found: string): Note => ({ level: 'ok', found, advice: '' })
export const warn = (found: string, advice: string): Note => ({ level: 'warn', found, advice })
export const fail = (found: string, advice: string): Note => ({ level: 'fail', found, advice })
