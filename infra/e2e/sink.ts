/**
 * A small SMTP server that keeps what it is given: it stands for the rest of the internet behind the backend, and for
 * a backend that trusts nginx by its address and takes XCLIENT.
 */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { chooseFreePort } from './ports.ts'

export interface SinkMessage {
  /** Arguments of the last XCLIENT command of the connection, '' if none came. */
  xclient: string
  /** The commands as they came, such as `MAIL FROM:<a@example.com>`. */
  from: string
  to: string[]
  /** Header and body, lines joined by \n. */
  content: string
}

export interface Sink extends AsyncDisposable {
  port: number
  messages: SinkMessage[]
  stop(): Promise<void>
}

async function converse(socket: Socket, keep: (message: SinkMessage) => void): Promise<void> {
  let xclient = ''
  let message: Omit<SinkMessage, 'content' | 'xclient'> = { from: '', to: [] }
  let body: string[] | undefined
  const say = (line: string) => socket.write(`${line}\r\n`)
  say('220 sink.test ESMTP')
  for await (const line of createInterface({ input: socket })) {
    const command = line.toUpperCase()
    if (body && line === '.') {
      keep({ ...message, xclient, content: body.join('\n') })
      message = { from: '', to: [] }
      body = undefined
      say('250 2.0.0 kept')
    } else if (body) {
      body.push(line.startsWith('.') ? line.slice(1) : line)
    } else if (command.startsWith('DATA')) {
      body = []
      say('354 go on')
    } else if (command.startsWith('XCLIENT ')) {
      xclient = line.slice('XCLIENT '.length)
      say('220 sink.test ESMTP')
    } else if (command.startsWith('AUTH ')) {
      say('235 2.7.0 whoever it is')
    } else if (command.startsWith('EHLO')) {
      say('250-sink.test\r\n250-XCLIENT ADDR NAME LOGIN\r\n250 8BITMIME')
    } else if (command.startsWith('QUIT')) {
      say('221 2.0.0 bye')
      socket.end()
    } else {
      if (command.startsWith('MAIL ')) message.from = line
      if (command.startsWith('RCPT ')) message.to.push(line)
      say('250 2.0.0 fine')
    }
  }
}

/** readline tells of the socket's error a second time. */
function ignoreReset(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ECONNRESET') throw error
}

/** Starts the sink in this process. */
export async function startSink(): Promise<Sink> {
  const port = await chooseFreePort()
  const messages: SinkMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A peer that resets the connection has said all it wanted; what it delivered is kept already.
    socket.on('error', () => socket.destroy())
    converse(socket, message => messages.push(message)).catch(ignoreReset)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  return { port, messages, stop, [Symbol.asyncDispose]: stop }
}
