import { Select } from 'antd'
import { useTexts } from '../../app/language.ts'
import { Choice } from '../../ui/choice.tsx'
import { Export } from '../../ui/export.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { uiTexts } from '../../ui/texts.ts'
import { TimeRange } from '../../ui/time-range.tsx'
import { actionTexts } from './actions.ts'
import { texts } from './texts.ts'
import { type Change, filterOf, type View } from './view.ts'

export function Filters({ view, change }: { view: View; change: Change }) {
  const t = useTexts(texts)
  const ui = useTexts(uiTexts)
  const actions = useTexts(actionTexts)
  return (
    <>
      <TimeRange since={view.since} until={view.until} onChange={change} />
      <SearchBox value={view.actor} label={t.actor} width={170} onChange={actor => change({ actor })} />
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
      <SearchBox value={view.target} label={t.target} width={190} onChange={target => change({ target })} />
      <Choice
        label={t.result}
        value={view.result}
        options={[
          { value: 'success', label: ui.success },
          { value: 'failed', label: ui.failed },
        ]}
        onChange={result => change({ result })}
      />
      <SearchBox value={view.text} label={t.text} width={200} onChange={text => change({ text })} />
      <Export route="GET /api/operation-log/export" name="operation-log" filter={() => filterOf(view)} />
    </>
  )
}
