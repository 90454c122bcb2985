/** Whether the mailbox can log in, in words: what stands in the way, and the one button that lifts it. */
import { Alert, Button } from 'antd'
import { ask } from '../../api/ask.ts'
import { useMay } from '../../api/session.ts'
import { useTexts } from '../../app/language.ts'
import { texts as appTexts } from '../../app/texts.ts'
import { uiTexts } from '../../ui/texts.ts'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-act.ts'
import { drawerTexts } from './drawer-texts.ts'
import type { Mailbox } from './mailbox.ts'

export function Standing({ mailbox }: { mailbox: Mailbox }) {
  const t = useTexts(drawerTexts)
  const ui = useTexts(uiTexts)
  const { roles } = useTexts(appTexts)
  const mayChange = useMay('operator')
  const refusal = mayChange ? undefined : ui.takes(roles.operator)
  const { name } = mailbox
  const unlock = useAct(() => ask('POST /api/users/{name}/unlock', { path: { name } }), {
    touches: 'users',
    done: t.unlocked,
  })
  const enable = useAct(() => ask('PATCH /api/users/{name}', { path: { name }, body: { enabled: true } }), {
    touches: 'users',
    done: t.enabled,
  })
  if (!mailbox.enabled)
    return (
      <Alert
        type="error"
        showIcon
        title={t.disabled}
        action={
          <Button
            type="primary"
            title={refusal}
            disabled={!mayChange}
            loading={enable.isPending}
            onClick={() => enable.mutate()}
          >
            {t.enable}
          </Button>
        }
      />
    )
  if (mailbox.locked)
    return (
      <Alert
        type="error"
        showIcon
        title={t.locked}
        description={<Locks mailbox={mailbox} />}
        action={
          <Button
            type="primary"
            title={refusal ?? t.unlockHint}
            disabled={!mayChange}
            loading={unlock.isPending}
            onClick={() => unlock.mutate()}
          >
            {t.unlock}
          </Button>
        }
      />
    )
  if (mailbox.locked === null) return <Alert type="warning" showIcon title={t.lockUnknown} />
  return <Alert type="success" showIcon title={mailbox.totp === 'on' ? t.wellWithCodes : t.well} />
}

function Locks({ mailbox }: { mailbox: Mailbox }) {
  const t = useTexts(drawerTexts)
  const { guesses, most_guesses } = mailbox
  const counters = mailbox.counters ?? []
  const strangersAlone = counters.every(
    ({ network, locked_until }) => network === null || locked_until === null,
  )
  return (
    <>
      {guesses >= most_guesses && <div>{t.closed(guesses, most_guesses)}</div>}
      {counters.map(({ network, limit, locked_until, shut }) => (
        <div key={network ?? ''}>
          {shut?.reason === 'many_networks' && (
            <div>
              {t.manyNetworks} <Time at={shut.until} />
            </div>
          )}
          {locked_until !== null && (
            <div>
              {network === null ? t.strangersUntil(limit) : t.networkUntil(network, limit)}{' '}
              <Time at={locked_until} />
            </div>
          )}
        </div>
      ))}
      {strangersAlone && <div>{t.familiarGoOn}</div>}
    </>
  )
}
