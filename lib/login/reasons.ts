/**
 * Every reason for which an auth attempt ended as it did. The code stands in the audit row; `meaning` and `remedy` are
 * for the people who read the log: a remedy that begins with `mailgateway` is the command that lifts it, NAME and BAN
 * being those of the attempt. What the mail client is told depends on `kind` alone, so it never says why.
 *
 * accept: logged in. refuse: wrong until something changes. later: not now; the client keeps its stored password.
 * `counts`: a guess, which counters count unless this very password was counted before. `hides`: the password was right,
 * which neither the text nor the time of the answer may tell.
 */
export const reasons = {
  ok: { kind: 'accept', meaning: 'right password', remedy: '' },

  wrong_password: {
    kind: 'refuse',
    counts: true,
    meaning: 'the password is wrong',
    remedy: 'mailgateway user set-password NAME',
  },
  unknown_user: {
    kind: 'refuse',
    counts: true,
    meaning: 'there is no such mailbox',
    remedy: 'mailgateway user add NAME',
  },
  disabled: {
    kind: 'refuse',
    counts: true,
    hides: true,
    meaning: 'right password, but the mailbox is disabled',
    remedy: 'mailgateway user enable NAME',
  },
  protocol_not_allowed: {
    kind: 'refuse',
    counts: true,
    hides: true,
    meaning: 'right password, but the mailbox may not use this protocol',
    remedy: 'mailgateway user set NAME --protocols LIST',
  },
  code_missing: {
    kind: 'refuse',
    hides: true,
    meaning: 'right password, but no one-time code behind it',
    remedy:
      'type the code of now right behind the password; mailgateway user totp disable NAME asks for none',
  },
  code_old: {
    kind: 'refuse',
    hides: true,
    meaning: 'right password, but its one-time code is too old',
    remedy: 'type the password with the code of now',
  },
  code_spent: {
    kind: 'refuse',
    hides: true,
    meaning: 'right password, but its one-time code, or a later one, was used before',
    remedy: 'wait for the next code and type it behind the password',
  },
  grant_ended: {
    kind: 'refuse',
    hides: true,
    meaning: 'password and code that were good once',
    remedy: 'type the password with the code of now',
  },
  grant_elsewhere: {
    kind: 'refuse',
    hides: true,
    meaning: 'password and code that are good in another network',
    remedy: 'type the password with the code of now; totp.grant_roam lets strings come along',
  },
  password_unsendable: {
    kind: 'refuse',
    hides: true,
    meaning:
      'right password, but nginx cannot pass on one with a space at an end when there is a code behind it',
    remedy: 'mailgateway user set-password NAME',
  },
  empty_password: { kind: 'refuse', meaning: 'the password is empty', remedy: 'type the password' },
  password_too_long: {
    kind: 'refuse',
    meaning: 'the password is longer than 72 bytes',
    remedy: 'type the password of the mailbox, which is shorter',
  },
  bad_name: {
    kind: 'refuse',
    meaning: 'no mailbox can have such a name',
    remedy: 'type the name of a mailbox',
  },
  bad_bytes: {
    kind: 'refuse',
    meaning: 'name or password has control bytes, is not UTF-8, or is over 1 KiB',
    remedy: 'type name and password as UTF-8 text',
  },
  bad_request: {
    kind: 'refuse',
    meaning: 'a header of nginx is missing, doubled or unreadable',
    remedy: 'take conf/nginx/mail.conf as it is; mailgateway doctor looks at nginx',
  },
  method_not_offered: {
    kind: 'refuse',
    meaning: 'an auth method other than a plain password',
    remedy: 'let nginx offer plain and login only, as conf/nginx/mail.conf does',
  },
  login_required: {
    kind: 'refuse',
    meaning: 'mail without a login (SMTP auth method none)',
    remedy: 'log in first; nginx: smtp_auth plain login',
  },
  /** Of rows that came from the log of the original MailGateway only. */
  original_refused: {
    kind: 'refuse',
    meaning: 'refused by the original MailGateway, for a reason that has no match here',
    remedy: '',
  },
  banned: {
    kind: 'refuse',
    meaning: 'the address was banned by an administrator',
    remedy: 'mailgateway ban remove BAN',
  },

  banned_automatically: {
    kind: 'later',
    meaning: 'the address was banned for guessing',
    remedy: 'mailgateway ban remove BAN',
  },
  locked: {
    kind: 'later',
    meaning: 'strangers guessed at this mailbox: locked for all but familiar networks',
    remedy: 'mailgateway user unlock NAME',
  },
  locked_here: {
    kind: 'later',
    meaning: 'too many wrong passwords from this familiar network: locked for it',
    remedy: 'mailgateway user unlock NAME',
  },
  shut_to_strangers: {
    kind: 'later',
    meaning: 'too many wrong passwords in the long run: familiar networks only, until unlocked',
    remedy: 'mailgateway user unlock NAME',
  },
  many_networks: {
    kind: 'later',
    meaning: 'many networks guessed at this mailbox: familiar networks only for a while',
    remedy: 'mailgateway user unlock NAME',
  },
  too_many_guesses: {
    kind: 'later',
    meaning: 'as many different passwords as are allowed were wrong or are being checked',
    remedy: 'mailgateway user unlock NAME',
  },
  no_backend: {
    kind: 'later',
    meaning: 'no healthy backend for this mailbox and protocol',
    remedy: 'mailgateway backend list',
  },
  busy: {
    kind: 'later',
    meaning: 'too many passwords to check at once',
    remedy: 'wait; auth.hash_threads and auth.hash_deadline allow for more',
  },
  timeout: {
    kind: 'later',
    meaning: 'the decision took too long',
    remedy: 'wait; the application log says what was slow',
  },
  hot_state_away: {
    kind: 'later',
    meaning: 'Redis could not be reached, did not answer in time, or was just renewed',
    remedy: 'mailgateway doctor',
  },
  database_away: {
    kind: 'later',
    meaning: 'the database could not be reached, and not all of this login was remembered',
    remedy: 'mailgateway doctor',
  },
  unavailable: {
    kind: 'later',
    meaning: 'a part of the gateway failed',
    remedy: 'the application log names the part that failed',
  },
} as const satisfies Record<string, Ending>

export interface Ending {
  kind: 'accept' | 'refuse' | 'later'
  counts?: boolean
  hides?: boolean
  meaning: string
  remedy: string
}

type Reasons = typeof reasons
export type Reason = keyof Reasons
export type RefuseReason = Exclude<
  { [R in Reason]: Reasons[R]['kind'] extends 'refuse' ? R : never }[Reason],
  'original_refused'
>
export type LaterReason = { [R in Reason]: Reasons[R]['kind'] extends 'later' ? R : never }[Reason]
/** Why an attempt was not accepted. */
export type Hindrance = RefuseReason | LaterReason

/** Those for which nothing could be decided: something was away, overloaded or broken. */
export const brokenReasons = [
  'no_backend',
  'busy',
  'timeout',
  'hot_state_away',
  'database_away',
  'unavailable',
] as const satisfies LaterReason[]
