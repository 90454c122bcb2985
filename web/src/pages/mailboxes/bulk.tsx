/** One act on many mailboxes, one after the other: how far it is, and for which it did not work. */
import { Alert, App, Button, Flex, Progress, Typography } from 'antd'
import { useTexts } from '../../app/language.ts'
import { useProblemText } from '../../ui/problem.tsx'
import { texts } from './texts.ts'
import { type Act, useBulk } from './use-bulk.ts'

interface Props {
  names: string[]
  onSelect(names: string[]): void
}

export function Bulk({ names, onSelect }: Props) {
  const t = useTexts(texts)
  const { modal, message } = App.useApp()
  const problemText = useProblemText()
  const bulk = useBulk(left => {
    onSelect(left)
    if (left.length === 0) void message.success(t.bulkDone(names.length))
  })
  const sure = (act: Act, title: string, content: string, okText: string) =>
    void modal.confirm({ title, content, okText, okButtonProps: { danger: true }, onOk: () => start(act) })
  const start = (act: Act) => void bulk.run(act, names)
  const n = names.length
  return (
    <Flex vertical gap={8} style={{ marginBottom: 12 }} aria-live="polite">
      <Flex wrap gap={8} align="center">
        <Typography.Text strong>{t.selected(n)}</Typography.Text>
        {bulk.running ? (
          <>
            <Progress
              percent={Math.round((100 * bulk.done) / bulk.of)}
              format={() => t.running(bulk.done, bulk.of)}
              style={{ width: 240, margin: 0 }}
            />
            <Button onClick={bulk.stop}>{t.stop}</Button>
          </>
        ) : (
          <>
            <Button onClick={() => start('unlock')}>{t.unlock}</Button>
            <Button onClick={() => start('enable')}>{t.enable}</Button>
            <Button danger onClick={() => sure('disable', t.sureDisable(n), t.sureDisableHint, t.disable)}>
              {t.disable}
            </Button>
            <Button danger onClick={() => sure('delete', t.sureDelete(n), t.sureDeleteHint, t.delete)}>
              {t.delete}
            </Button>
            <Button type="text" onClick={() => onSelect([])}>
              {t.deselect}
            </Button>
          </>
        )}
      </Flex>
      {!bulk.running && bulk.failures.length > 0 && (
        <Alert
          type="error"
          showIcon
          title={t.bulkFailed(bulk.failures.length)}
          description={bulk.failures.slice(0, 10).map(({ name, error }) => (
            <div key={name}>
              {name}: {problemText(error)}
            </div>
          ))}
        />
      )}
    </Flex>
  )
}
