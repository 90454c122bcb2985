/** The data folder: whose it is, who else can read it, and whether there is room. */
import { accessSync, constants, lstatSync, rmSync, type Stats, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../lib/runtime/config.ts'
import { controlFile } from '../adapter/control-client.ts'
import { fail, type Note, ok, warn } from './finding.ts'

const mib = 1024 * 1024
const trialMib = 4
const [scarceMib, littleMib] = [100, 1_000]

/** Whether this user gets at the folder; where he does not, its files look as if they were not there. */
export function mayUse(dataDir: string): boolean {
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

/** Writes a trial file and takes it away again; makes no folder. */
export function checkDataFolder(config: Config): Note[] {
  const folder = lstatSync(config.dataDir, { throwIfNoEntry: false })
  if (!folder?.isDirectory()) {
    const found = `${config.dataDir} is ${folder ? 'no folder' : 'not there'}`
    return [fail(found, 'start the gateway once, or say which folder you mean with MAILGATEWAY_DATA_DIR')]
  }
  const trial = tryToWrite(config.dataDir)
  const notes = [...checkOwners(config, folder), ...checkModes(config, folder), ...checkSpace(config.dataDir)]
  return [...notes, trial ?? ok(`${config.dataDir} can be written to`)]
}

const filesOf = (config: Config) => {
  const { database, dataDir } = config
  const embedded = database.kind === 'sqlite' ? ['', '-wal', '-shm'].map(end => database.file + end) : []
  return [...embedded, controlFile(dataDir)].flatMap(file => {
    const stats = lstatSync(file, { throwIfNoEntry: false })
    return stats ? [{ file, stats }] : []
  })
}

function checkOwners(config: Config, folder: Stats): Note[] {
  const us = process.getuid?.()
  const strange = filesOf(config).filter(({ stats }) => stats.uid !== folder.uid)
  const notes = strange.map(({ file, stats }) =>
    fail(
      `${file} belongs to user ${stats.uid}, the folder to ${folder.uid}`,
      `chown ${folder.uid} ${file}, and run gateway and commands as one user`,
    ),
  )
  if (us === folder.uid) return notes
  const found = `${config.dataDir} belongs to user ${folder.uid}, this is user ${us}`
  return [...notes, warn(found, 'run the doctor as the user who runs the gateway')]
}

function checkModes(config: Config, folder: Stats): Note[] {
  const open = filesOf(config).filter(({ stats }) => (stats.mode & 0o077) !== 0)
  const notes = open.map(({ file, stats }) =>
    fail(`${file} can be used by other users (mode ${octal(stats)})`, `chmod 600 ${file}`),
  )
  if ((folder.mode & 0o077) === 0) return notes
  const found = `${config.dataDir} can be entered by other users (mode ${octal(folder)})`
  return [...notes, warn(found, `chmod 700 ${config.dataDir}`)]
}

const octal = ({ mode }: Stats) => (mode & 0o777).toString(8)

function checkSpace(dataDir: string): Note[] {
  const { bavail, bsize } = statfsSync(dataDir)
  const freeMib = Math.floor((bavail * bsize) / mib)
  const found = `${freeMib} MiB free on its disk`
  const advice = `make room on the disk of ${dataDir}: without it every login gets a temporary failure`
  return [freeMib < scarceMib ? fail(found, advice) : freeMib < littleMib ? warn(found, advice) : ok(found)]
}

/** Free blocks are no promise: a quota or a limit of the process may allow less. */
function tryToWrite(dataDir: string): Note | null {
  const file = join(dataDir, `doctor-${process.pid}.tmp`)
  try {
    writeFileSync(file, Buffer.alloc(trialMib * mib), { mode: 0o600, flag: 'wx', flush: true })
    return null
  } catch (error) {
    const found = `a file of ${trialMib} MiB cannot be written to ${dataDir} (${(error as NodeJS.ErrnoException).code})`
    return fail(
      found,
      'look at df -h, quota and ulimit -f of the user who runs the gateway, and at the rights of the folder',
    )
  } finally {
    rmSync(file, { force: true })
  }
}
