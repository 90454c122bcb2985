/** A form in a dialogue: what was typed stays until it is taken, and what is wrong with it stands at its field. */
import { Form, Modal } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTexts } from '../app/language.ts'
import { placeErrors } from './place-errors.ts'
import { ProblemNote } from './problem.tsx'
import { uiTexts } from './texts.ts'
import { useAct } from './use-act.ts'

interface Props<Typed extends object, Result> {
  title: string
  okText?: string
  /** Whether it takes something away from somebody. */
  danger?: boolean
  width?: number
  initial?: Partial<Typed>
  send(typed: Typed): Promise<Result>
  /** As `useAct` has them. */
  touches: string
  done?: string
  onDone(result: Result): void
  onClose(): void
  /** Words of one's own for a field, in place of the API's. */
  words?(error: unknown): Record<string, string | undefined>
  children: ReactNode
}

export function FormDialog<Typed extends object, Result>(props: Props<Typed, Result>) {
  const { title, okText, danger = false, width, initial, touches, done, words } = props
  const ui = useTexts(uiTexts)
  const [form] = Form.useForm<Typed>()
  const [error, setError] = useState<unknown>(null)
  const send = useAct(props.send, {
    touches,
    done,
    onDone: props.onDone,
    onError: error => setError(placeErrors(form, error, words?.(error))),
  })
  return (
    <Modal
      open
      title={title}
      width={width}
      onCancel={props.onClose}
      onOk={form.submit}
      okText={okText ?? ui.save}
      okButtonProps={{ danger }}
      cancelText={ui.cancel}
      confirmLoading={send.isPending}
      mask={{ closable: false }}
    >
      <Form<Typed>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={initial}
        onFinish={typed => {
          setError(null)
          send.mutate(typed)
        }}
      >
        {props.children}
        <ProblemNote error={error} />
      </Form>
    </Modal>
  )
}
