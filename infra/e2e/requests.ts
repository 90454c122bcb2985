/** Requests of nginx, and what an attacker makes of them, with what every way to the gateway must answer. */
import { type Line, nginxLines } from './ask.ts'

const user = '用户@例子.cn'
const password = 'pässwörd 100%+"\\'

/** The mailbox that must be there, and a backend per protocol on 127.0.0.1. */
export const joe = { user, password }

/** What it is, its header lines, and headers of the answer. */
export const requests: [string, Line[], Record<string, string>][] = [
  ['right', nginxLines(joe), { 'auth-status': 'OK', 'auth-server': '127.0.0.1' }],
  ['right, warm', nginxLines({ ...joe, protocol: 'pop3' }), { 'auth-status': 'OK' }],
  [
    'right, in other letters',
    nginxLines({ ...joe, user: '用户@XN--FSQU00A.CN', protocol: 'smtp' }),
    { 'auth-status': 'OK' },
  ],
  [
    'wrong password',
    nginxLines({ user, password: 'wrong' }),
    { 'auth-status': '[AUTHENTICATIONFAILED] Invalid user name or password', 'auth-wait': '1' },
  ],
  [
    'wrong password, POP3, second attempt',
    nginxLines({ user, password: 'wrong', protocol: 'pop3', attempt: 3 }),
    { 'auth-status': '[AUTH] Invalid user name or password', 'auth-wait': '2' },
  ],
  [
    'wrong password, SMTP, eleventh attempt',
    nginxLines({ user, password: 'wrong', protocol: 'smtp', attempt: 11 }),
    { 'auth-error-code': '535 5.7.8' },
  ],
  ['unknown user', nginxLines({ ...joe, user: 'nobody' }), { 'auth-wait': '1' }],
  ['control bytes', nginxLines(joe, { 'Auth-Pass': 'a%0D%0Ab' }), { 'auth-wait': '1' }],
  ['half an escape', nginxLines(joe, { 'Auth-Pass': '%4' }), { 'auth-wait': '1' }],
  ['invalid UTF-8', nginxLines(joe, { 'Auth-User': 'j\xf6e' }), { 'auth-wait': '1' }],
  ['a password that is empty', nginxLines(joe, { 'Auth-Pass': '' }), { 'auth-wait': '1' }],
  ['a header missing', nginxLines(joe, { 'Client-IP': undefined }), { 'auth-wait': '1' }],
  ['a header doubled', [...nginxLines(joe), ['Auth-User', 'joe']], { 'auth-wait': '1' }],
  ['no protocol', nginxLines(joe, { 'Auth-Protocol': undefined }), { 'auth-error-code': '535 5.7.8' }],
  [
    'cram-md5',
    nginxLines(joe, { 'Auth-Method': 'cram-md5', 'Auth-Salt': '<1.2@mx>' }),
    { 'auth-status': '[CANNOT] This authentication method is not offered, use PLAIN or LOGIN' },
  ],
  [
    'none',
    nginxLines({ ...joe, protocol: 'smtp' }, { 'Auth-Method': 'none', 'Auth-SMTP-To': 'RCPT TO:<a@b>' }),
    { 'auth-error-code': '530 5.7.0', 'auth-user': '' },
  ],
]
