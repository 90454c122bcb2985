/** The control socket of a running gateway: the command line's verbs, for whoever may open the file (mode 0600). */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Server as NetServer } from 'node:net'
import { json } from 'node:stream/consumers'
import type { HotState } from '../../lib/hot-state/port.ts'
import { Refusal } from '../../lib/refusal.ts'
import { listen } from '../../lib/runtime/listen.ts'
import type { Services } from '../../lib/runtime/services.ts'
import type { Call, Reply } from './control-client.ts'
import { type VerbName, type VerbResult, verbs } from './verbs.ts'

/** What answers on the socket, whoever listens there. */
export function createControl(services: Services): Server {
  return createServer(async (incoming, outgoing) => {
    outgoing.setHeader('Content-Type', 'application/json')
    outgoing.end(JSON.stringify(await perform(services, incoming)))
  })
}

/** Listens on the control socket of a data folder. Who does is its only gateway: one that is left here belongs to one that is gone. */
export function listenForCommands(server: NetServer, file: string): Promise<void> {
  return listen(server, { host: `unix:${file}`, port: 0, mode: 0o600, setting: 'MAILGATEWAY_DATA_DIR' })
}

async function perform(services: Services, incoming: IncomingMessage): Promise<Reply> {
  try {
    const { verb, input } = (await json(incoming)) as Call
    await services.liveSettings.refresh()
    return await runNoting(services, verb as VerbName, input)
  } catch (error) {
    if (error instanceof Refusal) {
      const { code, field, message } = error
      return { refusal: { code, field, message } }
    }
    services.log.error({ err: error }, 'command failed')
    return { error: (error as Error).message }
  }
}

const renewed =
  'Redis could not be told of the change, so every node forgets all that it remembers instead: effective within a second'

/** As `runVerb`, and what has to be said besides its result. */
export async function runNoting<Name extends VerbName>(
  services: Services,
  verb: Name,
  input: unknown,
): Promise<{ result: VerbResult<Name> | null; notice?: string }> {
  let notice: string | undefined
  const hot: HotState = {
    ...services.hot,
    async announce(ops) {
      const how = await services.hot.announce(ops)
      if (how === 'renewed') notice = renewed
      return how
    },
  }
  return { result: (await runVerb({ ...services, hot }, verb, input)) ?? null, notice }
}

/** @throws Refusal, or the error of a part that failed */
async function runVerb<Name extends VerbName>(
  services: Services,
  verb: Name,
  input: unknown,
): Promise<VerbResult<Name>> {
  if (!Object.hasOwn(verbs, verb))
    throw new Refusal('invalid', 'verb', 'this gateway does not know that command; is it older?')
  return (await verbs[verb](services, input)) as VerbResult<Name>
}
