/** A mail protocol spoken by hand, line by line, for what the client libraries hide. */
import { on, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface Dialogue extends AsyncDisposable {
  /** The server's first line. */
  greeting: string
  /** The next line without its end; undefined once the server has closed the connection. */
  readLine(): Promise<string | undefined>
  /** Sends the lines at once and reads until a line matches `last`; that line is the last of the result. */
  ask(lines: string | string[], last: RegExp): Promise<string[]>
  /** Starts TLS on this connection, after the server has agreed to it. */
  secure(): Promise<void>
}

async function* splitLines(socket: Socket): AsyncGenerator<string, void> {
  let rest = ''
  try {
    for await (const [chunk] of on(socket, 'data', { close: ['end', 'close'] })) {
      const lines = `${rest}${chunk}`.split('\r\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    // A server that closes while we still write resets the connection: the same end.
    if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error
  }
}

async function startTls(socket: Socket, certificate: string): Promise<Socket> {
  const secured = connectTls({ socket, ca: certificate, servername: 'localhost' })
  await once(secured, 'secureConnect')
  return secured.setEncoding('utf8')
}

/**
 * Connects to 127.0.0.1, over TLS from the first byte if `implicitTls`, and reads the greeting. `certificate` is the
 * authority for TLS. Who speaks before the greeting arrives is not heard by nginx 1.22: what comes along with the end
 * of the TLS handshake is left unread until more follows. `from` is what a proxy before nginx says of the client's
 * address, where nginx listens for that.
 */
export async function openDialogue(
  port: number,
  certificate: string,
  { implicitTls = false, from = '' } = {},
): Promise<Dialogue> {
  let socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  if (from !== '') socket.write(`PROXY TCP4 ${from} 127.0.0.1 40000 ${port}\r\n`)
  if (implicitTls) socket = await startTls(socket, certificate)
  else socket.setEncoding('utf8')
  let lines = splitLines(socket)
  const readLine = async () => (await lines.next()).value ?? undefined
  const greeting = (await readLine()) ?? ''
  return {
    greeting,
    readLine,
    async ask(sent, last) {
      socket.write(
        [sent]
          .flat()
          .map(line => `${line}\r\n`)
          .join(''),
      )
      const answer: string[] = []
      while (true) {
        const line = await readLine()
        if (line === undefined) throw new Error(`closed before ${last}; so far: ${answer.join(' | ')}`)
        answer.push(line)
        if (last.test(line)) return answer
      }
    },
    async secure() {
      await lines.return()
      socket = await startTls(socket, certificate)
      lines = splitLines(socket)
    },
    async [Symbol.asyncDispose]() {
      socket.destroy()
    },
  }
}
