/** The demo as somebody meets it: started by npm, its lines pasted into bash, ended by Ctrl-C. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { isListening } from './e2e/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-demo-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Shown {
  /** What the demo prints, up to its last step. */
  text: string
  /** What each pasted line of the steps shows, by `step.line`, such as `3.2`. */
  outputs: Record<string, string>
}

/** Runs the demo, pastes what it prints, presses Ctrl-C, and checks that nothing is left. */
async function watch(options: string[]): Promise<Shown> {
  const env = { ...process.env, TMPDIR: folder }
  // A terminal sends its Ctrl-C to the whole group.
  const demo = spawn('npm', ['run', '-s', 'demo', '--', ...options], { env, detached: true })
  let text = ''
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  const closed = once(demo, 'close')
  await expect.poll(() => text, { timeout: 40_000, interval: 50 }).toMatch(/5\. Unlocked[\s\S]*\n\n$/)
  const outputs = await paste(text)
  const ports = [...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port))
  process.kill(-demo.pid!, 'SIGINT')
  await closed
  expect(text).toMatch(/\nEnding; nothing is left\.\n$/)
  // npm keeps a cache of its own there.
  expect(readdirSync(folder).filter(name => name.startsWith('mailgateway'))).toEqual([])
  expect(await Promise.all(ports.map(isListening))).toEqual(ports.map(() => false))
  expect(() => process.kill(-demo.pid!, 0)).toThrow('ESRCH')
  return { text, outputs }
}

/** All lines in one bash, each followed by a mark, so that its output can be told from the others'. */
async function paste(text: string): Promise<Shown['outputs']> {
  let [step, line] = ['0', 0]
  const script: string[] = []
  for (const each of text.split('\n')) {
    const heading = /^(\d)\. /.exec(each)
    if (heading) [step, line] = [heading[1]!, 0]
    if (!each.startsWith('    ')) continue
    line += 1
    script.push(each, `echo "<end of ${step}.${line}>"`)
  }
  const { stdout } = await promisify(execFile)('bash', ['-c', script.join('\n')], { cwd: folder })
  const parts = stdout.split(/<end of (\d\.\d)>\n/)
  return Object.fromEntries(
    parts.flatMap((part, i) => (i % 2 === 1 ? [[part, parts[i - 1]!.replaceAll('\r', '')]] : [])),
  )
}

const explained = {
  '4.1': expect.stringMatching(
    /^TIME[\s\S]*locked[\s\S]*user unlock[\s\S]*wrong[\s\S]*success +right password/,
  ),
  '4.2': expect.stringMatching(/^name +demo@example\.com\n[\s\S]*\n[\d.]+\/24 .*locked/),
  '5.1': 'unlocked demo@example.com\n',
}

test('through nginx: every pasted line shows what the demo says', async () => {
  const { outputs } = await watch([])
  expect(outputs).toMatchObject({
    '1.1': expect.stringMatching(/Subject: Welcome\n\nYou are logged in, through nginx\.\n$/),
    '1.2': '',
    '1.3': expect.stringMatching(/Subject: sent through nginx\n\nIt works\.\n/),
    '2.1': expect.stringMatching(/^< \w+ NO \[AUTHENTICATIONFAILED\] Invalid user name or password$/m),
    '3.1': expect.stringMatching(/(< \w+ NO \[AUTHENTICATIONFAILED\][\s\S]*){4}/),
    '3.2': expect.stringMatching(/^< \w+ NO \[UNAVAILABLE\] Temporary failure/m),
    ...explained,
    '5.2': expect.stringMatching(/Subject: sent through nginx\n\nIt works\.\n/),
  })
  expect(outputs['3.2']).not.toContain('It works')
}, 120_000)

test('without nginx: one line says how to get it, and curl asks as nginx would', async () => {
  const { text, outputs } = await watch(['--without-nginx'])
  expect(text).toMatch(/^apt-get install nginx libnginx-mod-mail$/m)
  expect(outputs).toMatchObject({
    '1.1': expect.stringMatching(/^Auth-Status: OK\nAuth-Server: 127\.0\.0\.1\nAuth-Port: \d+\n/),
    '2.1': expect.stringMatching(/^Auth-Status: \[AUTHENTICATIONFAILED\]/),
    '3.2': expect.stringMatching(/^Auth-Status: \[UNAVAILABLE\]/),
    ...explained,
    '5.2': expect.stringMatching(/^Auth-Status: OK\n/),
  })
}, 120_000)
