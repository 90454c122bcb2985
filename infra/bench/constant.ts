/** What the HTTP stack alone can do: the same server with an answer that nobody thinks about. `node constant.ts PORT` */
import { Hono } from 'hono'
import { listen } from '../../lib/runtime/listen.ts'
import { createNginxPlane } from '../../lib/runtime/node.ts'

const headers = {
  'Auth-Status': 'OK',
  'Auth-Server': '127.0.0.1',
  'Auth-Port': '143',
  'Auth-User': 'joe@example.com',
}
const app = new Hono()
app.get('/api/auth', () => new Response(null, { headers }))
const server = createNginxPlane({ app, fallback: headers, answerUnparsed: async () => '' })
await listen(server, { host: '127.0.0.1', port: Number(process.argv[2]), setting: 'the port' })
