/** The system calls of a running process, seen or slowed down by strace. Needs the right to trace it: as a rule, root. */
import { readdirSync, readFileSync } from 'node:fs'
import { type RunningProcess, startProcess } from './process.ts'

/** Whether strace holds every thread; a thread that it does not hold yet goes its own way. */
function isTraced(pid: number): boolean {
  const statuses = readdirSync(`/proc/${pid}/task`).map(id =>
    readFileSync(`/proc/${pid}/task/${id}/status`, 'utf8'),
  )
  return statuses.every(status => /^TracerPid:\t[1-9]/m.test(status))
}

/** @throws what strace says when it may not trace */
async function attach(pid: number, args: string[]): Promise<RunningProcess> {
  return startProcess({
    name: 'strace',
    command: 'strace',
    args: ['-f', ...args, '-p', `${pid}`],
    isReady: async () => isTraced(pid),
  })
}

/**
 * Watches all threads of the process from now on, until stopped.
 * @param calls names of system calls
 * @param file where the calls go, a line each, with the path of every file descriptor
 */
export async function traceCalls(pid: number, calls: string[], file: string): Promise<RunningProcess> {
  return attach(pid, ['-y', '-e', `trace=${calls.join()}`, '-o', file])
}

/** Gives the process a slow disk, until stopped: SQLite writes with pwrite64, and each waits so long before it is done. */
export async function slowWrites(pid: number, milliseconds: number): Promise<RunningProcess> {
  const delay = `inject=pwrite64:delay_enter=${milliseconds * 1_000}`
  return attach(pid, ['-e', 'trace=pwrite64', '-e', delay, '-o', '/dev/null'])
}
