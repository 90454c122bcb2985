/** A value of a row; who clicks it sees only what has the same. */
import { Button } from 'antd'
import { useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'

const style = { height: 'auto', padding: 0, maxWidth: 320, overflow: 'hidden', textOverflow: 'ellipsis' }

export function Narrow({ value, onClick }: { value: string; onClick(): void }) {
  const t = useTexts(uiTexts)
  if (value === '') return '–'
  return (
    <Button type="text" style={style} title={t.narrow(value)} onClick={onClick}>
      {value}
    </Button>
  )
}
