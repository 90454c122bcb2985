/** Which system calls a running process makes, seen by strace. Needs the right to trace it: as a rule, root. */
import { readdirSync, readFileSync } from 'node:fs'
import { type RunningProcess, startProcess } from './process.ts'

/** Whether strace holds every thread; a thread that it does not hold yet goes unseen. */
function isTraced(pid: number): boolean {
  const statuses = readdirSync(`/proc/${pid}/task`).map(id =>
    readFileSync(`/proc/${pid}/task/${id}/status`, 'utf8'),
  )
  return statuses.every(status => /^TracerPid:\t[1-9]/m.test(status))
}

/**
 * Watches all threads of the process from now on, until stopped.
 * @param calls names of system calls
 * @param file where the calls go, a line each, with the path of every file descriptor
 * @throws what strace says when it may not trace
 */
export async function traceCalls(pid: number, calls: string[], file: string): Promise<RunningProcess> {
  return startProcess({
    name: 'strace',
    command: 'strace',
    args: ['-f', '-y', '-e', `trace=${calls.join()}`, '-o', file, '-p', `${pid}`],
    isReady: async () => isTraced(pid),
  })
}
