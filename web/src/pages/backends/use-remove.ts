import { App } from 'antd'
import { ApiProblem, ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { useProblemText } from '../../ui/problem.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { type Backend, placeOf } from './page.tsx'
import { texts } from './texts.ts'

/** Asks before it removes; of the last backend for some logins once more. */
export function useRemove(backend: Backend): () => void {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const { modal, message } = App.useApp()
  const problemText = useProblemText()
  const { id } = backend
  const remove = useAct(
    (force: boolean) => ask('DELETE /api/backends/{id}', { path: { id }, query: { force } }),
    {
      done: t.removed,
      touches: 'backends',
      onError: (error, force) => {
        const isLast = error instanceof ApiProblem && error.errors.some(({ field }) => field === 'force')
        if (isLast && !force) confirm(t.lastOne, t.lastOneHint, t.removeAnyway, true)
        else void message.error(problemText(error), 6)
      },
    },
  )
  const confirm = (title: string, content: string, okText: string, force: boolean) =>
    void modal.confirm({
      title,
      content,
      okText,
      cancelText: ui.cancel,
      okButtonProps: { danger: true },
      onOk: () => remove.mutateAsync(force).catch(() => {}),
    })
  return () => confirm(t.removeAsk(placeOf(backend)), t.removeHint, ui.remove, false)
}
