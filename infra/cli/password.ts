/** Reading a password: from a prompt that does not echo, or from standard input. Never from the command line. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Refusal } from '../../lib/refusal.ts'

/** @throws Refusal when there is nobody to ask, or the two entries differ */
export async function readNewPassword(fromStdin: boolean): Promise<string> {
  // A shell's echo and here-documents end with one line break that is not meant.
  if (fromStdin) return (await text(process.stdin)).replace(/\r?\n$/, '')
  if (!process.stdin.isTTY) {
    throw new Refusal(
      'invalid',
      'password',
      'no terminal to ask for the password: give it with --password-stdin',
    )
  }
  const password = await ask('Password: ')
  if (password === (await ask('Again: '))) return password
  throw new Refusal('invalid', 'password', 'the two passwords are not the same')
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question)
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silence, terminal: true })
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
