/** Bans a place from wherever it is seen: the form comes filled in, so two clicks are enough. */
import { Button } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { texts as appTexts } from '../../app/texts.ts'
import { uiTexts } from '../../ui/texts.ts'
import { texts } from './texts.ts'

const BanForm = lazy(() => import('./ban-form.tsx').then(({ BanForm }) => ({ default: BanForm })))

interface Props {
  cidr: string
  /** Where the place stands beside it already. */
  short?: boolean
}

export function BanButton({ cidr, short = false }: Props) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const { roles } = useTexts(appTexts)
  const mayBan = useMay('operator')
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button
        danger
        size="small"
        disabled={!mayBan}
        aria-label={t.banOf(cidr)}
        title={mayBan ? undefined : ui.takes(roles.operator)}
        onClick={() => setOpen(true)}
      >
        {short ? t.ban : t.banOf(cidr)}
      </Button>
      {isOpen && (
        <Suspense>
          <BanForm ban={null} proposed={{ cidr, reason: t.usualReason }} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
