/** TLS connections that are kept for the next question, though not for ever: a name may move to another address. */
import { Agent } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'

export interface Connections {
  /** Takes one that is there, else makes one. */
  kept: Agent
  /** Makes one: those that are there may be dead without having said so. */
  fresh: Agent
  close(): void
}

/** Kept at once; what is open beyond that is closed after its answer. */
const mostFree = 64

/**
 * @param lookup asked for each new connection
 * @param lifeMs none is used for a new question when it is older
 */
export function createConnections(lookup: LookupFunction, lifeMs: number): Connections {
  const kept = new AgingAgent({ keepAlive: true, maxFreeSockets: mostFree, lookup }, lifeMs)
  const fresh = new Agent({ lookup })
  return {
    kept,
    fresh,
    close() {
      kept.destroy()
      fresh.destroy()
    },
  }
}

class AgingAgent extends Agent {
  readonly #lifeMs: number
  readonly #old = new WeakSet<Socket>()

  constructor(options: ConstructorParameters<typeof Agent>[0], lifeMs: number) {
    super(options)
    this.#lifeMs = lifeMs
  }

  override createConnection(...args: Parameters<Agent['createConnection']>) {
    const socket = super.createConnection(...args) as Socket
    const timer = setTimeout(() => this.#retire(socket), this.#lifeMs).unref()
    socket.once('close', () => clearTimeout(timer))
    return socket
  }

  /** Asked when an answer has come; the types do not know that it says whether the connection is kept. */
  override keepSocketAlive(socket: Socket): unknown {
    return !this.#old.has(socket) && super.keepSocketAlive(socket)
  }

  #retire(socket: Socket): void {
    this.#old.add(socket)
    const free = Object.values(this.freeSockets).some(sockets => sockets?.includes(socket))
    if (free) socket.destroy()
  }
}
