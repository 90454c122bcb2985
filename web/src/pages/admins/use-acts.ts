import { App } from 'antd'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { useAct } from '../../ui/use-act.ts'
import type { Admin } from './admin.ts'
import { texts } from './texts.ts'
import { useRefusalText } from './use-refusal-text.ts'

/** What can be done with one administrator. */
export function useActs(
  { username, version }: Admin,
  onPassword: (made: { username: string; one_time_password: string }) => void,
) {
  const t = useTexts(texts)
  const { message } = App.useApp()
  const refusalText = useRefusalText()
  const onError = (error: unknown) => void message.error(refusalText(error), 6)
  const path = { username }
  const after = (done: string) => ({ touches: 'admins', done, onError })
  const made = { touches: 'admins', onDone: onPassword, onError }
  return {
    enable: useAct(
      () => ask('PATCH /api/admins/{username}', { path, body: { enabled: true, version } }),
      after(t.isEnabled),
    ),
    disable: useAct(
      () => ask('PATCH /api/admins/{username}', { path, body: { enabled: false, version } }),
      after(t.isDisabled),
    ),
    unlock: useAct(() => ask('POST /api/admins/{username}/unlock', { path }), after(t.unlocked)),
    resetPassword: useAct(() => ask('POST /api/admins/{username}/password', { path }), made),
    resetCodes: useAct(() => ask('DELETE /api/admins/{username}/totp', { path }), after(t.codesAreOff)),
    remove: useAct(() => ask('DELETE /api/admins/{username}', { path }), after(t.deleted)),
  }
}
