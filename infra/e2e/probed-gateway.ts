/** The real gateway with a probe inside. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { type Gateway, startGateway } from './gateway.ts'
import type { Reading } from './probe.ts'

export interface ProbedGateway extends Gateway {
  /** What was measured since the last reading, or since the start. */
  read(): Promise<Reading>
  /** Of the ended process. Throws when it did not come to its own end. */
  exitCode(): number
}

const probe = new URL('probe.ts', import.meta.url)

/**
 * Starts the gateway on its folder, which must be short: the probe's socket lies in it. Its command line cannot be
 * used: it would carry the probe too.
 * @param run a name for this start, not used before in this folder
 */
export async function startProbedGateway(folder: string, run: string): Promise<ProbedGateway> {
  const socket = join(folder, `probe-${run}`)
  const settings = { NODE_OPTIONS: `--import=${probe.href}`, PROBE_SOCKET: socket }
  const gateway = await startGateway(folder, { settings })
  return {
    ...gateway,
    read: async () => (await json(connect(socket))) as Reading,
    exitCode: () => Number(readFileSync(`${socket}.exit`, 'utf8')),
  }
}
