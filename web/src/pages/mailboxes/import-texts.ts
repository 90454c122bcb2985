import type { Texts } from '../../app/language.ts'

const en = {
  title: 'Import mailboxes',
  choose: 'Choose a file, or drop it here',
  chooseHint: 'CSV or JSON lines, up to 4 MB',
  columns:
    'First line of a CSV file: name, and any of password, password_hash, owner, protocols, pool, enabled.',
  limits:
    'New mailboxes need a password (at most 200 in one file) or a password_hash (bcrypt, cost 10 to 12). A file that was exported here can be imported again.',
  tooLarge: 'The file is larger than 4 MB. Split it.',
  existing: 'Mailboxes that are there already',
  existingOptions: { skip: 'leave as they are', change: 'change to what the file says' },
  mode: 'Lines at fault',
  modeOptions: { skip: 'leave out', all_or_nothing: 'stop everything' },
  tried: 'Nothing has been changed yet. This is what the file would do:',
  done: 'Imported',
  nothing: 'Nothing was imported, because lines are at fault.',
  rows: 'Lines',
  added: 'New',
  changed: 'Changed',
  skipped: 'Left as they are',
  failed: 'At fault',
  line: 'Line',
  field: 'Column',
  fault: 'What is wrong',
  run: (n: string) => `Import ${n}`,
  other: 'Another file',
}

const zh: typeof en = {
  title: '导入邮箱',
  choose: '选择文件，或拖到此处',
  chooseHint: 'CSV 或 JSON Lines，最大 4 MB',
  columns:
    'CSV 首行为列名：name，以及 password、password_hash、owner、protocols、pool、enabled 中的任意几列。',
  limits:
    '新邮箱需要 password（每个文件最多 200 个）或 password_hash（bcrypt，cost 10 至 12）。此处导出的文件可以再次导入。',
  tooLarge: '文件超过 4 MB，请拆分。',
  existing: '已存在的邮箱',
  existingOptions: { skip: '保持不变', change: '按文件修改' },
  mode: '有误的行',
  modeOptions: { skip: '略过', all_or_nothing: '全部停止' },
  tried: '尚未做任何更改。该文件将产生以下结果：',
  done: '导入完成',
  nothing: '有些行有误，因此没有导入任何内容。',
  rows: '行数',
  added: '新建',
  changed: '修改',
  skipped: '保持不变',
  failed: '有误',
  line: '行',
  field: '列',
  fault: '问题',
  run: n => `导入 ${n} 个`,
  other: '换一个文件',
}

export const importTexts: Texts<typeof en> = { en, zh }
