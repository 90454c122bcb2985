/** What can be done with a backend. */
import { EllipsisOutlined } from '@ant-design/icons'
import { App, Button, Dropdown, Popconfirm, Space, Tooltip } from 'antd'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { texts as appTexts } from '../../app/texts.ts'
import { uiTexts } from '../../ui/texts.ts'
import { useAct } from '../../ui/use-act.ts'
import { Checks } from './checks.tsx'
import { type Backend, placeOf } from './page.tsx'
import { texts } from './texts.ts'
import { useRemove } from './use-remove.ts'

interface Props {
  backend: Backend
  onEdit(): void
  onHistory(): void
}

export function Acts({ backend, onEdit, onHistory }: Props) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const { roles } = useTexts(appTexts)
  const mayChange = useMay('operator')
  const remove = useRemove(backend)
  const check = useCheck(backend)
  return (
    <Tooltip title={mayChange ? '' : ui.takes(roles.operator)}>
      <Space wrap>
        <StateButton backend={backend} />
        <Button disabled={!mayChange} loading={check.isPending} onClick={() => check.mutate()}>
          {t.check}
        </Button>
        <Button onClick={onHistory}>{t.history}</Button>
        <Dropdown
          trigger={['click']}
          disabled={!mayChange}
          menu={{
            items: [
              { key: 'edit', label: t.edit, onClick: onEdit },
              { key: 'remove', label: ui.remove, danger: true, onClick: remove },
            ],
          }}
        >
          <Button icon={<EllipsisOutlined />} aria-label={`${t.acts} ${placeOf(backend)}`} />
        </Dropdown>
      </Space>
    </Tooltip>
  )
}

function StateButton({ backend }: { backend: Backend }) {
  const t = useTexts(texts)
  const mayChange = useMay('operator')
  const { id, state, version } = backend
  const drain = useAct(() => ask('POST /api/backends/{id}/drain', { path: { id } }), {
    done: t.drained,
    touches: 'backends',
  })
  const bringBack = useAct(
    () => ask('PATCH /api/backends/{id}', { path: { id }, body: { state: 'active', version } }),
    { done: t.back, touches: 'backends' },
  )
  if (state !== 'active')
    return (
      <Button
        type="primary"
        disabled={!mayChange}
        loading={bringBack.isPending}
        onClick={() => bringBack.mutate()}
      >
        {t.bringBack}
      </Button>
    )
  return (
    <Popconfirm
      title={t.drainAsk(placeOf(backend))}
      description={t.drainHint}
      okText={t.drain}
      disabled={!mayChange}
      onConfirm={() => drain.mutateAsync().catch(() => {})}
    >
      <Button disabled={!mayChange} loading={drain.isPending}>
        {t.drain}
      </Button>
    </Popconfirm>
  )
}

function useCheck(backend: Backend) {
  const t = useTexts(texts)
  const { modal } = App.useApp()
  const { id } = backend
  return useAct(() => ask('POST /api/backends/{id}/check', { path: { id } }), {
    touches: 'backends',
    onDone: probe =>
      void modal.info({ title: t.checkOf(placeOf(backend)), content: <Checks probe={probe} />, width: 520 }),
  })
}
