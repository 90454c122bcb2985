/** The clock, as far as it can be judged without asking anybody. */
import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { promisify } from 'node:util'
import { fail, type Note, ok, warn } from './finding.ts'
import type { SelfCheck } from './self-check.ts'

const packageFile = new URL('../../package.json', import.meta.url)
const toleratedMs = 2_000
const setTheClock = 'compare date -u with a watch, and let NTP keep it: apt-get install systemd-timesyncd'

interface Witnesses {
  /** UTC milliseconds of the newest row of the auth log; null = none. */
  newestAt: number | null
  gateway: SelfCheck | null
}

export async function checkClock({ newestAt, gateway }: Witnesses): Promise<Note[]> {
  const now = Date.now()
  const notes: Note[] = []
  if (newestAt !== null && newestAt > now + toleratedMs) {
    const found = `the clock says ${showDate(now)}, and the newest row of the auth log is from ${showDate(newestAt)}: it is behind, or was ahead`
    notes.push(fail(found, setTheClock))
  }
  const installedAt = statSync(packageFile).mtimeMs
  if (installedAt > now + toleratedMs) {
    const found = `the clock says ${showDate(now)}, before this version was installed, ${showDate(installedAt)}`
    notes.push(fail(found, setTheClock))
  }
  if (gateway && Math.abs(gateway.clockMovedMs) > toleratedMs) {
    const seconds = Math.round(gateway.clockMovedMs / 1000)
    const found = `the clock was set by ${seconds} s since the gateway started`
    notes.push(warn(found, `see what sets it in jumps; ${setTheClock}`))
  }
  return [...notes, await askForNtp()]
}

/** Whether something keeps the clock; not every machine can tell, a container for one. */
async function askForNtp(): Promise<Note> {
  const asked = promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value'])
  const answer = await asked.then(
    ({ stdout }) => stdout.trim(),
    () => '',
  )
  if (answer === 'yes') return ok('kept by NTP')
  if (answer === 'no')
    return warn('not kept by NTP, and one-time codes need it exact to 30 seconds', setTheClock)
  return ok('nothing speaks against it; whether NTP keeps it cannot be told here')
}

const showDate = (ms: number) => new Date(ms).toISOString().slice(0, 19)
