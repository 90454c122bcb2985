/**
 * What the mail client is told, in the codes of its protocol: RFC 5530 for IMAP, RFC 3206 for POP3, RFC 4954 and
 * RFC 3463 for SMTP. One text for every refused login, so that it does not tell why.
 */
import type { Hindrance } from '../../lib/login/reasons.ts'
import type { Protocol } from '../../lib/mailbox/protocols.ts'

interface Refused {
  protocol: Protocol | null
  method: string
  kind: 'refuse' | 'later'
  reason: Hindrance
}

interface Texts {
  text: string
  imap: string
  pop3: string
  smtp: string
}

const wrongLogin: Texts = {
  text: 'Invalid user name or password',
  imap: '[AUTHENTICATIONFAILED]',
  pop3: '[AUTH]',
  smtp: '535 5.7.8',
}
const wrongMethod: Texts = {
  text: 'This authentication method is not offered, use PLAIN or LOGIN',
  imap: '[CANNOT]',
  pop3: '[AUTH]',
  smtp: '504 5.5.4',
}
const loginRequired: Texts = {
  text: 'Authentication required',
  imap: '[AUTHENTICATIONFAILED]',
  pop3: '[AUTH]',
  smtp: '530 5.7.0',
}
const temporary: Texts = {
  text: 'Temporary failure, please try again later',
  imap: '[UNAVAILABLE]',
  pop3: '[SYS/TEMP]',
  smtp: '454 4.7.0',
}
/** To MAIL and RCPT without AUTH: RFC 4954 knows 454 only as a reply to AUTH. */
const temporaryNoLogin: Texts = { ...temporary, smtp: '451 4.3.0' }

/** `status` goes into `Auth-Status`, `code` into `Auth-Error-Code`, which nginx reads for SMTP only; null = none. */
export function answerTexts(refused: Refused): { status: string; code: string | null } {
  const texts = chooseTexts(refused)
  switch (refused.protocol) {
    case 'imap':
      return { status: `${texts.imap} ${texts.text}`, code: null }
    case 'pop3':
      return { status: `${texts.pop3} ${texts.text}`, code: null }
    // No protocol could be read: the code does no harm to the other two.
    case 'smtp':
    case null:
      return { status: texts.text, code: texts.smtp }
  }
}

function chooseTexts({ kind, method, reason }: Refused): Texts {
  if (kind === 'later') return method === 'none' ? temporaryNoLogin : temporary
  if (reason === 'method_not_offered') return wrongMethod
  if (reason === 'login_required') return loginRequired
  return wrongLogin
}
