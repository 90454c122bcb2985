/** What a process takes of the machine, from /proc (proc(5)); Linux only. */
import { readFileSync } from 'node:fs'

export interface Usage {
  /** Cores that it kept busy, over all its threads. */
  cores: number
  /** Resident memory, MiB, at the end. */
  megabytes: number
}

/** Clock ticks of sysconf(_SC_CLK_TCK), which is 100 on every Linux that there is. */
const ticksPerSecond = 100

const readCpuSeconds = (pid: number) => {
  // The second field is the command in parentheses, which may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export async function withUsage<T>(pid: number, work: () => Promise<T>): Promise<[T, Usage]> {
  const [cpu, startedAt] = [readCpuSeconds(pid), performance.now()]
  const result = await work()
  const seconds = (performance.now() - startedAt) / 1_000
  const memory = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]
  return [
    result,
    { cores: (readCpuSeconds(pid) - cpu) / seconds, megabytes: Math.round(Number(memory) / 1024) },
  ]
}
