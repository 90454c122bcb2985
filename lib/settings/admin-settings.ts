/** Sign-in of administrators. */
import { asSecret, fixed, live, storedAs } from './definition.ts'
import { duration, line, onOff, secret, type ValueType, valueType, wholeNumber } from './values.ts'

const policies = ['off', 'after_failures', 'always'] as const
type CodePolicy = (typeof policies)[number]

/** What databases of the original say: there, codes were asked for after some failures or not at all. */
const policiesOfOriginal: Record<string, CodePolicy> = {
  0: 'off',
  false: 'off',
  1: 'after_failures',
  true: 'after_failures',
}

const codePolicy: ValueType<CodePolicy> = valueType({ type: 'choice', choices: [...policies] }, text => {
  const written = text.trim().toLowerCase()
  const found = policies.find(policy => policy === written) ?? policiesOfOriginal[written]
  return found ?? { rejected: `is not allowed; write off, after_failures or always` }
})

export const adminSettings = {
  'jwt.secret': asSecret(
    fixed(
      secret(16),
      '',
      'Key that signs access tokens; empty means a derived one.',
      '签发访问令牌的密钥；留空则由主密钥派生。',
    ),
  ),
  'jwt.expiration': live(duration('1m', '30d'), '15m', 'Life of an access token.', '访问令牌的有效期。'),
  'jwt.refresh_expiration': live(
    duration('1m', '365d'),
    '12h',
    'Longest life of a sign-in.',
    '一次管理员登录的最长有效期。',
  ),
  'admin.default_username': fixed(
    line(1, 64),
    'admin',
    'Name of the first administrator.',
    '首个管理员的用户名。',
  ),
  'admin.default_password': asSecret(
    fixed(secret(1), '', 'First password of that administrator.', '该管理员的初始密码。'),
  ),
  'admin.locked': storedAs(
    'LOCKED',
    live(onOff, 'on', 'Whether failed sign-ins lock an administrator.', '登录失败过多时是否锁定管理员。'),
  ),
  'admin.lock_errors': storedAs(
    'LOCK_ERRORS',
    live(
      wholeNumber(1, 1000),
      '5',
      'Failed sign-ins that lock an administrator.',
      '登录失败达到此数时锁定管理员。',
    ),
  ),
  'admin.lock_time': storedAs(
    'LOCK_TIME',
    live(
      wholeNumber(1, 10_080),
      '30',
      'How long an administrator stays locked, in minutes.',
      '管理员被锁定的时长，单位为分钟。',
    ),
  ),
  'admin.totp': storedAs(
    'TOTP',
    live(
      codePolicy,
      'always',
      'When administrators who have set up codes are asked for one.',
      '何时向已启用验证码的管理员索取验证码。',
    ),
  ),
  'admin.totp_count': storedAs(
    'TOTP_COUNT',
    live(
      wholeNumber(0, 1000),
      '3',
      'Failed sign-ins after which admin.totp after_failures asks for a code.',
      'admin.totp 为 after_failures 时，失败多少次后索取验证码。',
    ),
  ),
}
