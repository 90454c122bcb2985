import { type TableProps, Typography } from 'antd'
import { useTexts } from '../../app/language.ts'
import { Address } from '../../ui/address.tsx'
import { Narrow } from '../../ui/narrow.tsx'
import { ResultTag } from '../../ui/result-tag.tsx'
import { inWords } from '../../ui/server-words.ts'
import { Time } from '../../ui/time.tsx'
import { useActionText } from './actions.ts'
import { changesOf, refusalOf } from './changes.ts'
import { texts } from './texts.ts'
import type { Change, Operation } from './view.ts'

/** What is clicked narrows the view to it. */
export function useColumns(change: Change): NonNullable<TableProps<Operation>['columns']> {
  const t = useTexts(texts)
  const actionText = useActionText()
  return [
    { key: 'time', title: t.time, dataIndex: 'time', render: (time: number) => <Time at={time} exact /> },
    {
      key: 'actor',
      title: t.actor,
      dataIndex: 'actor',
      render: (actor: string) => (
        <Narrow value={actor} text={t.actors[actor]} onClick={() => change({ actor })} />
      ),
    },
    {
      key: 'action',
      title: t.action,
      dataIndex: 'action',
      render: (action: string) => (
        <span title={action} style={{ display: 'inline-block', maxWidth: 170 }}>
          {actionText(action)}
        </span>
      ),
    },
    {
      key: 'target',
      title: t.target,
      dataIndex: 'target',
      render: (target: string) => <Narrow value={target} onClick={() => change({ target })} />,
    },
    {
      key: 'result',
      title: t.result,
      dataIndex: 'result',
      render: (result: Operation['result']) => <ResultTag result={result} />,
    },
    { key: 'changes', title: t.changes, render: (_, operation) => <Summary operation={operation} /> },
    {
      key: 'address',
      title: t.address,
      dataIndex: 'client_address',
      render: (address: string) => <Address>{address || t.thisMachine}</Address>,
    },
  ]
}

/** In one line; all of it stands in the unfolded row. */
function Summary({ operation }: { operation: Operation }) {
  const refusal = refusalOf(operation.detail)
  const text = refusal
    ? inWords(refusal.message)
    : changesOf(operation.detail)
        .map(({ field }) => field)
        .join(', ')
  return (
    <Typography.Text style={{ maxWidth: 150 }} ellipsis={{ tooltip: text }}>
      {text || '–'}
    </Typography.Text>
  )
}
