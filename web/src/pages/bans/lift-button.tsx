import { Button, Popconfirm } from 'antd'
import { ask } from '../../api/ask.ts'
import { useTexts } from '../../app/language.ts'
import { useAct } from '../../ui/use-act.ts'
import type { Ban } from './bans.tsx'
import { texts } from './texts.ts'

export function LiftButton({ ban: { id, cidr } }: { ban: Ban }) {
  const t = useTexts(texts)
  const lift = useAct(() => ask('DELETE /api/bans/{id}', { path: { id } }), {
    done: t.liftDone,
    touches: 'bans',
  })
  return (
    <Popconfirm
      title={t.liftAsk(cidr)}
      description={t.liftHint}
      okText={t.lift}
      onConfirm={() => lift.mutateAsync().catch(() => {})}
    >
      <Button type="link" size="small" danger loading={lift.isPending}>
        {t.lift}
      </Button>
    </Popconfirm>
  )
}
