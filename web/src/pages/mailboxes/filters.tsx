import { useTexts } from '../../app/language.ts'
import { Choice } from '../../ui/choice.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { texts } from './texts.ts'
import type { View } from './view.ts'

export function Filters({ view, change }: { view: View; change(changes: Partial<View>): void }) {
  const t = useTexts(texts)
  const totpStates = (['off', 'pending', 'on'] as const).map(value => ({ value, label: t.totpStates[value] }))
  return (
    <>
      <SearchBox value={view.search} label={t.search} onChange={search => change({ search })} />
      <Choice
        label={t.state}
        value={view.enabled}
        onChange={enabled => change({ enabled })}
        options={[
          { value: 'true', label: t.enabled },
          { value: 'false', label: t.disabled },
        ]}
      />
      <Choice
        label={t.lock}
        value={view.locked}
        onChange={locked => change({ locked })}
        options={[
          { value: 'true', label: t.locked },
          { value: 'false', label: t.notLocked },
        ]}
      />
      <Choice label={t.totp} value={view.totp} onChange={totp => change({ totp })} options={totpStates} />
      <SearchBox value={view.domain} label={t.domain} width={150} onChange={domain => change({ domain })} />
      <SearchBox value={view.pool} label={t.pool} width={130} onChange={pool => change({ pool })} />
    </>
  )
}
