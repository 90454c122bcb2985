/** A value of a row; who clicks it sees only what has the same. */
import { Button } from 'antd'
import { useTexts } from '../app/language.ts'
import { uiTexts } from './texts.ts'

/** Long names and addresses take a second line rather than the room of the other columns. */
const style = {
  height: 'auto',
  maxWidth: 210,
  padding: 0,
  overflowWrap: 'anywhere',
  textAlign: 'start',
  whiteSpace: 'normal',
} as const

interface Props {
  value: string
  /** Where people call it otherwise. */
  text?: string
  onClick(): void
}

export function Narrow({ value, text = value, onClick }: Props) {
  const t = useTexts(uiTexts)
  if (value === '') return '–'
  return (
    <Button type="text" style={style} title={t.narrow(text)} onClick={onClick}>
      {text}
    </Button>
  )
}
