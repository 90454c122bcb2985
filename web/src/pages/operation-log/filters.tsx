import { Select } from 'antd'
import { useTexts } from '../../app/language.ts'
import { ResultChoice } from '../../ui/log-list.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { actionTexts } from './actions.ts'
import { texts } from './texts.ts'
import type { Change, View } from './view.ts'

export function Filters({ view, change }: { view: View; change: Change }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const actions = useTexts(actionTexts)
  return (
    <>
      <SearchBox value={view.actor} label={t.actor} width={140} onChange={actor => change({ actor })} />
      <Select
        showSearch={{ optionFilterProp: 'label' }}
        aria-label={t.action}
        value={view.action}
        onChange={action => change({ action })}
        popupMatchSelectWidth={false}
        style={{ minWidth: 150 }}
        options={[
          { value: '', label: `${t.action}: ${ui.any}` },
          ...Object.entries(actions).map(([value, label]) => ({ value, label })),
        ]}
      />
      <SearchBox value={view.target} label={t.target} width={170} onChange={target => change({ target })} />
      <ResultChoice label={t.result} value={view.result} onChange={result => change({ result })} />
      <SearchBox value={view.text} label={t.text} width={215} onChange={text => change({ text })} />
    </>
  )
}
