/** Reading what `nginx -T` prints: every file of the configuration, each behind a line with its name. */
import { dirname, resolve } from 'node:path'

export interface Directive {
  name: string
  args: string[]
  /** What stands between its braces; null = it ends with a semicolon. */
  block: Directive[] | null
}

/** A `server { }` of a `mail { }`. */
export interface MailServer {
  /** Port or address of each listen line, as written. */
  listens: string[]
  /** The lines of that name which hold here: nginx takes those of the server, or, if it has none, those of mail. */
  lines(name: string): Directive[]
  /** Lines of that name in mail which the server's own ones put out of force. */
  dropped(name: string): Directive[]
}

const fileMark = /^# configuration file (.+):\r?$/m
// A comment, a quoted text, a mark, or a bare word, in which ${name} is a variable.
const tokens = /#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|(?:\\.|\$\{|[^\s;{}\\])+/gs

/** @throws an Error when this is no such output, or its braces do not close */
export function readMailServers(dump: string): MailServer[] {
  const [, ...parts] = dump.split(fileMark)
  const files = new Map<string, string>()
  for (let i = 0; i < parts.length; i += 2) files.set(parts[i]!, parts[i + 1]!)
  const [main] = files.keys()
  if (main === undefined) throw new Error('it is not what nginx -T prints')
  return findBlocks(expand(parse(files.get(main)!), files, dirname(main)), 'mail').flatMap(mail =>
    findBlocks(mail, 'server').map(server => describe(mail, server)),
  )
}

function describe(mail: Directive[], server: Directive[]): MailServer {
  const named = (block: Directive[], name: string) => block.filter(line => line.name === name)
  return {
    listens: named(server, 'listen').map(({ args }) => args[0] ?? ''),
    lines: name => (named(server, name).length > 0 ? named(server, name) : named(mail, name)),
    dropped: name => (named(server, name).length > 0 ? named(mail, name) : []),
  }
}

const findBlocks = (directives: Directive[], name: string) =>
  directives.flatMap(line => (line.name === name && line.block ? [line.block] : []))

function parse(text: string): Directive[] {
  const root: Directive[] = []
  const open: Directive[][] = [root]
  let words: string[] = []
  for (const [token] of text.matchAll(tokens)) {
    if (token.startsWith('#')) continue
    if (token !== '{' && token !== '}' && token !== ';') {
      words.push(unquote(token))
      continue
    }
    if (token === '}') open.pop()
    else {
      const [name = '', ...args] = words
      const block = token === '{' ? [] : null
      open.at(-1)?.push({ name, args, block })
      if (block) open.push(block)
    }
    words = []
  }
  if (open.length !== 1) throw new Error('its braces do not close')
  return root
}

const unquote = (word: string) =>
  /^(["']).*\1$/s.test(word) ? word.slice(1, -1).replace(/\\(["'\\])/g, '$1') : word

/** Puts the files in place of the `include` lines; their names start at the folder of the main file. */
function expand(directives: Directive[], files: Map<string, string>, folder: string): Directive[] {
  return directives.flatMap(line => {
    if (line.name !== 'include') return [{ ...line, block: line.block && expand(line.block, files, folder) }]
    const pattern = toPattern(resolve(folder, line.args[0] ?? ''))
    const included = [...files].filter(([name]) => pattern.test(name))
    return included.flatMap(([, text]) => expand(parse(text), files, folder))
  })
}

/** `*` and `?` of a file name, as glob(7) has them. */
function toPattern(name: string): RegExp {
  const source = name
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  return new RegExp(`^${source}$`)
}
