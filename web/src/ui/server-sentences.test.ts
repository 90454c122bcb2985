import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inChinese } from './server-sentences.ts'

/** What the gateway says of fields that people fill in, as its sources have it. */
const sources = globSync([
  'lib/settings/*.ts',
  'lib/backend/{input,greeting,manage}.ts',
  'lib/ban/{bulk,manage,shapes}.ts',
  'lib/mailbox/{mailbox,passwords,import,manage}.ts',
  'lib/notify/{queue,test-mail}.ts',
])
const sentence =
  /['`]((?:\w+ )?(?:must|needs at least|is not|is longer|is too short|is one of|connection failed|no (?:connection|answer)|there is (?:already|no mail)) [^'`\n]+)['`]/g
const said = sources
  .filter(file => !file.endsWith('.test.ts'))
  .flatMap(file => [...readFileSync(file, 'utf8').matchAll(sentence)].map(([, text]) => text!))

/** Only who speaks to the API without the console can make these. */
const ofPrograms =
  /must be (true or false|UTC milliseconds|`next` of|refuse or skip|skip or|a list|an id|0 or 1)/

test('what is wrong with a field is said in Chinese', () => {
  expect(said.length).toBeGreaterThan(50)
  const english = said
    .filter(text => !ofPrograms.test(text))
    .map(text =>
      inChinese(
        text
          .replaceAll(/\$\{[^}]*(?:most|min|max|least|smallest|largest|Ms|Bytes|Path|all|port)[^}]*\}/gi, '7')
          .replaceAll(/\$\{[^}]*\}/g, 'x'),
      ),
    )
    .filter(text => !/[\u4e00-\u9fff]/.test(text) || /( [a-z]{2,}){3}/.test(text))
  expect(english).toEqual([])
})

test.each([
  [
    'host must be a DNS name or an IP address without brackets and zone',
    '须为域名或 IP 地址，不带方括号和区域标识',
  ],
  [
    'cidr 127.0.0.0/16 covers an address of this machine: nginx and webmail may come from there; give force',
    '包含本机的地址',
  ],
  ['something that nobody has translated', 'something that nobody has translated'],
])('%s', (english, chinese) => {
  expect(inChinese(english)).toContain(chinese)
})
