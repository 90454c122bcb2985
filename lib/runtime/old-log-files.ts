/** What a log file was before: beside it, with the time in the name. */
import { access, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Renames the file. That somebody else has moved it away already is just as well. */
export async function putAside(path: string): Promise<void> {
  try {
    await rename(path, await freeName(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** `app.log.20261124T150001.123Z`: by name is by age. */
const isOld = (name: string, base: string) =>
  name.startsWith(`${base}.`) && /^\d{8}T\d{6}\.\d{3}Z$/.test(name.slice(base.length + 1))

/** Removes the oldest of them until so many are left. */
export async function keepNewest(path: string, count: number): Promise<void> {
  const names = await readdir(dirname(path))
  const old = names.filter(name => isOld(name, basename(path))).toSorted()
  await Promise.all(old.slice(0, -count).map(name => rm(join(dirname(path), name), { force: true })))
}

/** A name that nothing has: a file that was turned over in the same millisecond must not be replaced. */
async function freeName(path: string): Promise<string> {
  for (let time = Date.now(); ; time++) {
    const name = `${path}.${new Date(time).toISOString().replaceAll(/[-:]/g, '')}`
    const isTaken = await access(name).then(
      () => true,
      () => false,
    )
    if (!isTaken) return name
  }
}
