/** A small IMAP server with one folder, for the demo. Every login gets in: the gateway has decided already. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { chooseFreePort } from '../e2e/ports.ts'

export interface Inbox extends AsyncDisposable {
  port: number
}

/** @param list the messages of now, header and body, lines joined by \n */
export async function startInbox(list: () => string[]): Promise<Inbox> {
  const port = await chooseFreePort()
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A client that resets the connection has read all it wanted.
    socket.on('error', () => socket.destroy())
    void converse(socket, list)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function converse(socket: Socket, list: () => string[]): Promise<void> {
  const say = (...lines: string[]) => socket.write(lines.map(line => `${line}\r\n`).join(''))
  say('* OK demo ready')
  let command = ''
  for await (const line of createInterface({ input: socket })) {
    command += line
    // A literal follows; nginx sends name and password as such, without line breaks in them.
    if (/\{\d+\}$/.test(line)) say('+ go on')
    else {
      const [tag = '*', ...words] = command.split(' ')
      say(...answer(words, list()), `${tag} OK done`)
      if (/^logout$/i.test(words[0] ?? '')) socket.end()
      command = ''
    }
  }
}

function answer([verb = '', ...words]: string[], messages: string[]): string[] {
  switch (verb.toUpperCase()) {
    case 'SELECT':
      return [`* ${messages.length} EXISTS`, '* 0 RECENT', '* FLAGS ()', '* OK [UIDVALIDITY 1] one']
    case 'FETCH': {
      const number = words[0] === '*' ? messages.length : Number(words[0])
      const text = (messages[number - 1] ?? '').replace(/\r?\n/g, '\r\n')
      return [`* ${number} FETCH (BODY[] {${Buffer.byteLength(text)}}`, `${text})`]
    }
    case 'LOGOUT':
      return ['* BYE']
    default:
      return []
  }
}
