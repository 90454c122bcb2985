/**
 * Every reason for which an auth attempt ended as it did. The code stands in the audit row; `meaning` and `remedy` are
 * for the people who read the log. What the mail client is told depends on `kind` alone, so it never says why.
 *
 * accept: logged in. refuse: wrong until something changes. later: not now; the client keeps its stored password.
 * `counts`: a guess, which counters count unless this very password was counted before. `hides`: the password was right,
 * which neither the text nor the time of the answer may tell.
 */
export const reasons = {
  ok: { kind: 'accept', counts: false, hides: false, meaning: 'right password', remedy: '' },

  wrong_password: {
    kind: 'refuse',
    counts: true,
    hides: false,
    meaning: 'the password is wrong',
    remedy: '',
  },
  unknown_user: {
    kind: 'refuse',
    counts: true,
    hides: false,
    meaning: 'there is no such mailbox',
    remedy: 'user add',
  },
  disabled: {
    kind: 'refuse',
    counts: true,
    hides: true,
    meaning: 'right password, but the mailbox is disabled',
    remedy: 'user enable',
  },
  protocol_not_allowed: {
    kind: 'refuse',
    counts: true,
    hides: true,
    meaning: 'right password, but the mailbox may not use this protocol',
    remedy: 'user set --protocols',
  },
  code_missing: {
    kind: 'refuse',
    counts: false,
    hides: true,
    meaning: 'right password, but no one-time code behind it',
    remedy: '',
  },
  code_old: {
    kind: 'refuse',
    counts: false,
    hides: true,
    meaning: 'right password, but its one-time code is too old: type the newest',
    remedy: '',
  },
  code_spent: {
    kind: 'refuse',
    counts: false,
    hides: true,
    meaning: 'right password, but its one-time code was used before: wait for the next',
    remedy: '',
  },
  grant_ended: {
    kind: 'refuse',
    counts: false,
    hides: true,
    meaning: 'password and code that were good once: type the password with a new code',
    remedy: '',
  },
  grant_elsewhere: {
    kind: 'refuse',
    counts: false,
    hides: true,
    meaning: 'password and code that are good in another network: type the password with a new code',
    remedy: '',
  },
  password_unsendable: {
    kind: 'refuse',
    counts: false,
    hides: true,
    meaning:
      'right password, but nginx cannot pass on one with a space at an end when there is a code behind it',
    remedy: 'user set-password',
  },
  empty_password: {
    kind: 'refuse',
    counts: false,
    hides: false,
    meaning: 'the password is empty',
    remedy: '',
  },
  password_too_long: {
    kind: 'refuse',
    counts: false,
    hides: false,
    meaning: 'the password is longer than 72 bytes',
    remedy: '',
  },
  bad_name: {
    kind: 'refuse',
    counts: false,
    hides: false,
    meaning: 'no mailbox can have such a name',
    remedy: '',
  },
  bad_bytes: {
    kind: 'refuse',
    counts: false,
    hides: false,
    meaning: 'name or password has control bytes, is not UTF-8, or is over 1 KiB',
    remedy: '',
  },
  bad_request: {
    kind: 'refuse',
    counts: false,
    hides: false,
    meaning: 'a header of nginx is missing, doubled or unreadable',
    remedy: '',
  },
  method_not_offered: {
    kind: 'refuse',
    counts: false,
    hides: false,
    meaning: 'an auth method other than a plain password',
    remedy: '',
  },
  login_required: {
    kind: 'refuse',
    counts: false,
    hides: false,
    meaning: 'mail without a login (SMTP auth method none)',
    remedy: '',
  },
  banned: {
    kind: 'refuse',
    counts: false,
    hides: false,
    meaning: 'the address was banned by an administrator',
    remedy: 'ban remove',
  },

  banned_automatically: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'the address was banned for guessing',
    remedy: 'ban remove, or allow add',
  },
  locked: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'strangers guessed at this mailbox: locked for all but familiar networks',
    remedy: 'user unlock',
  },
  locked_here: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'too many wrong passwords from this familiar network: locked for it',
    remedy: 'user unlock',
  },
  shut_to_strangers: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'too many wrong passwords in the long run: familiar networks only, until unlocked',
    remedy: 'user unlock',
  },
  many_networks: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'many networks guessed at this mailbox: familiar networks only for a while',
    remedy: 'user unlock',
  },
  too_many_guesses: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'as many different passwords as are allowed were wrong or are being checked',
    remedy: 'user unlock',
  },
  no_backend: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'no healthy backend for this mailbox and protocol',
    remedy: 'backend list',
  },
  busy: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'too many passwords to check at once',
    remedy: '',
  },
  timeout: { kind: 'later', counts: false, hides: false, meaning: 'the decision took too long', remedy: '' },
  unavailable: {
    kind: 'later',
    counts: false,
    hides: false,
    meaning: 'a part of the gateway failed; the application log says which',
    remedy: '',
  },
} as const satisfies Record<
  string,
  { kind: 'accept' | 'refuse' | 'later'; counts: boolean; hides: boolean; meaning: string; remedy: string }
>

type Reasons = typeof reasons
export type Reason = keyof Reasons
export type RefuseReason = { [R in Reason]: Reasons[R]['kind'] extends 'refuse' ? R : never }[Reason]
export type LaterReason = { [R in Reason]: Reasons[R]['kind'] extends 'later' ? R : never }[Reason]
/** Why an attempt was not accepted. */
export type Hindrance = RefuseReason | LaterReason
