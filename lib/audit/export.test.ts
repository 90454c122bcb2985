import { expect, test } from 'vitest'
import { someAttempt } from '../../infra/e2e/auth-log.ts'
import { csvCell } from '../csv.ts'
import { csvHead, csvRow, jsonRow } from './export.ts'
import type { LoggedAttempt } from './pages.ts'

test.each([
  ['plain', 'plain'],
  ['', ''],
  [null, ''],
  [-5, '-5'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1+1', '"\'=1+1"'],
  ['+1', '"\'+1"'],
  ['-1', '"\'-1"'],
  ['@sum', '"\'@sum"'],
  ['＝1+1', '"\'＝1+1"'],
  ['＠sum', '"\'＠sum"'],
  ['\tx', '"\'\tx"'],
  ['\rx', '"\'\rx"'],
  ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ['joe=1@example.com', 'joe=1@example.com'],
])('%j becomes %j', (value, cell) => {
  expect(csvCell(value)).toBe(cell)
})

const row: LoggedAttempt = {
  ...someAttempt,
  backend: null,
  request_id: 'r1',
  time: Date.UTC(2026, 10, 24, 15),
  user: '=cmd|x',
  client_network: '192.0.2.0/24',
  result: 'failed',
  reason: 'wrong_password',
  duration_ms: 3,
  count: 1,
  counters: 'user 1/5, address 1/20',
  node: 'mail1:8090',
}

test('a row has a cell for every column', () => {
  expect(csvRow(row)).toBe(
    '2026-11-24T15:00:00.000Z,"\'=cmd|x",192.0.2.7,192.0.2.0/24,imap,plain,,failed,wrong_password,,3,1,1,"user 1/5, address 1/20",mail1:8090,r1\r\n',
  )
  expect(csvHead.trimEnd().split(',').toSorted()).toEqual(Object.keys(row).toSorted())
  expect(JSON.parse(jsonRow(row))).toEqual(row)
})
