/**
 * Every reason for which an auth attempt ended as it did. The code stands in the audit row; the text is for the
 * people who read the log. What the mail client is told depends on `kind` alone, so it never says why.
 *
 * accept: logged in. refuse: wrong until something changes. later: we could not decide; the client keeps its
 * stored password, and nothing is counted or cached.
 */
export const reasons = {
  ok: { kind: 'accept', meaning: 'right password' },

  wrong_password: { kind: 'refuse', meaning: 'the password is wrong' },
  unknown_user: { kind: 'refuse', meaning: 'there is no such mailbox' },
  disabled: { kind: 'refuse', meaning: 'right password, but the mailbox is disabled' },
  protocol_not_allowed: {
    kind: 'refuse',
    meaning: 'right password, but the mailbox may not use this protocol',
  },
  empty_password: { kind: 'refuse', meaning: 'the password is empty' },
  password_too_long: { kind: 'refuse', meaning: 'the password is longer than 72 bytes' },
  bad_name: { kind: 'refuse', meaning: 'no mailbox can have such a name' },
  bad_bytes: {
    kind: 'refuse',
    meaning: 'name or password has control bytes, is not UTF-8, or is over 1 KiB',
  },
  bad_request: { kind: 'refuse', meaning: 'a header of nginx is missing, doubled or unreadable' },
  method_not_offered: { kind: 'refuse', meaning: 'an auth method other than a plain password' },
  login_required: { kind: 'refuse', meaning: 'mail without a login (SMTP auth method none)' },

  no_backend: { kind: 'later', meaning: 'no healthy backend for this mailbox and protocol' },
  busy: { kind: 'later', meaning: 'too many passwords to check at once' },
  timeout: { kind: 'later', meaning: 'the decision took too long' },
  unavailable: { kind: 'later', meaning: 'a part of the gateway failed; the application log says which' },
} as const satisfies Record<string, { kind: 'accept' | 'refuse' | 'later'; meaning: string }>

type Reasons = typeof reasons
export type Reason = keyof Reasons
export type RefuseReason = { [R in Reason]: Reasons[R]['kind'] extends 'refuse' ? R : never }[Reason]
export type LaterReason = { [R in Reason]: Reasons[R]['kind'] extends 'later' ? R : never }[Reason]
