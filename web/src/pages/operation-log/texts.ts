import type { Texts } from '../../app/language.ts'

const en = {
  time: 'Time',
  actor: 'Who',
  actors: {} as Record<string, string>,
  action: 'What',
  target: 'At what',
  result: 'Result',
  changes: 'Changed',
  address: 'From',
  thisMachine: 'This machine',
  text: 'Text in any column',
  field: 'Field',
  before: 'Before',
  after: 'After',
  empty: 'empty',
  id: 'Id',
}

const zh: typeof en = {
  time: '时间',
  actor: '操作者',
  actors: { 'command line': '命令行' },
  action: '操作',
  target: '对象',
  result: '结果',
  changes: '变更字段',
  address: '来源地址',
  thisMachine: '本机',
  text: '任意列中的文字',
  field: '字段',
  before: '之前',
  after: '之后',
  empty: '空',
  id: '编号',
}

export const texts: Texts<typeof en> = { en, zh }
