/** What the API's problem codes mean to people, and what to do. */
import type { Texts } from '../app/language.ts'

const en = {
  title: 'That did not work',
  codes: {
    unreachable: 'The gateway does not answer. What you typed is still here: try again in a moment.',
    internal: 'Something broke in the gateway. Its log says more under the request id below.',
    unauthorized: 'Your session has ended. Sign in again.',
    forbidden: 'Your role does not allow this.',
    password_change_required: 'Change your password first.',
    not_found: 'This is not there (any more).',
    conflict: 'Somebody else has changed this meanwhile. Load it again and look at what is new.',
    invalid: 'Some of it is not right.',
    too_large: 'That is too much at once.',
    too_many_requests: 'Too many requests. Wait a moment.',
    hot_state_away: 'Redis is away, so nothing can be changed for now. Reading goes on.',
    database_away: 'The database is away. It is tried again by itself.',
  } as Record<string, string>,
  retry: 'Try again',
  requestId: 'Request id',
}

const zh: typeof en = {
  title: '操作没有成功',
  codes: {
    unreachable: '网关没有响应。您输入的内容仍然保留，请稍后再试。',
    internal: '网关内部出错。日志中可按下面的请求编号查到详情。',
    unauthorized: '会话已结束，请重新登录。',
    forbidden: '您的角色没有此权限。',
    password_change_required: '请先修改密码。',
    not_found: '该对象不存在，或已被删除。',
    conflict: '其他人刚刚修改过。请重新加载，查看最新内容。',
    invalid: '有些内容不正确。',
    too_large: '一次提交的内容过大。',
    too_many_requests: '请求过于频繁，请稍候。',
    hot_state_away: 'Redis 不可用，暂时无法修改；查看不受影响。',
    database_away: '数据库不可用，系统会自动重试。',
  },
  retry: '重试',
  requestId: '请求编号',
}

export const problemTexts: Texts<typeof en> = { en, zh }
