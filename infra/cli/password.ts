/** Reading a password: from a prompt that does not echo, or from standard input. Never from the command line. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Refusal } from '../../lib/refusal.ts'

/** @throws Refusal when there is nobody to ask, the prompt was left, the entries differ, or the bytes are no text */
export async function readNewPassword(fromStdin: boolean): Promise<string> {
  if (fromStdin) return readPassword()
  if (!process.stdin.isTTY)
    throw refuse('cannot be asked for without a terminal; give it with --password-stdin')
  return askTwice()
}

/** All of standard input. A shell's echo and here-documents end with one line break that is not meant. */
export const readPassword = async () => decode(await buffer(process.stdin)).replace(/\r?\n$/, '')

/** Bytes of another encoding would become a password that nobody can type. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) throw refuse('is not UTF-8 text; set the terminal to UTF-8')
    throw error
  }
}

async function askTwice(): Promise<string> {
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() })
  // It turns the echo off, so it comes before the first question. One for both questions: a second one would lose
  // what was pasted along with the first. No history: an arrow key would bring the first entry back.
  const terminal = createInterface({ input: process.stdin, output: silence, terminal: true, historySize: 0 })
  const lines = terminal[Symbol.asyncIterator]()
  const ask = async (question: string) => {
    process.stderr.write(question)
    const { value, done } = await lines.next()
    process.stderr.write('\n')
    if (done) throw refuse('was not given; nothing has been changed')
    return value
  }
  try {
    const password = await ask('Password: ')
    if (password === (await ask('Again: '))) return password
    throw refuse('was not typed the same twice; nothing has been changed')
  } finally {
    terminal.close()
  }
}

const refuse = (why: string) => new Refusal('invalid', 'password', `password ${why}`)
