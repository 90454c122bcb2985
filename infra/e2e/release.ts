/**
 * The release archive as it is installed: unpacked in a folder that nobody may write to, beside a bare Node, run by a user
 * that has no account and owns only the data folder. It is what the container's image is.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type RunningProcess, startProcess } from './process.ts'

/** The image's user. Only root can be somebody else. */
const uid = process.getuid?.() === 0 ? 1001 : undefined

const maker = fileURLToPath(new URL('../release.ts', import.meta.url))

export interface Release {
  archive: string
  /** Where it is unpacked. */
  app: string
  data: string
  /** Runs `bin/mailgateway start` until it is ready; it says nothing more than `mailgateway ready` does. */
  start(settings: Record<string, string>): Promise<RunningProcess>
  /** Runs `bin/mailgateway ARGS`, `input` on its standard input. */
  run(
    settings: Record<string, string>,
    args: string[],
    input?: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }>
  remove(): void
}

/** Makes the archive. @returns its path */
export function makeRelease(folder: string): string {
  return execFileSync(process.execPath, [maker, folder], { encoding: 'utf8' }).trim()
}

/** @param folder an empty one of the test's own */
export function unpackRelease(folder: string): Release {
  // Another user has to get through.
  chmodSync(folder, 0o755)
  const [app, bin, data] = ['app', 'bin', 'data'].map(name => join(folder, name)) as [string, string, string]
  const archive = makeRelease(folder)
  mkdirSync(app)
  execFileSync('tar', ['-xzf', archive, '-C', app, '--strip-components=1', '--no-same-owner'])
  execFileSync('chmod', ['-R', 'a-w', app])
  mkdirSync(bin)
  copyFileSync(process.execPath, join(bin, 'node'))
  mkdirSync(data, { mode: 0o700 })
  if (uid !== undefined) chownSync(data, uid, uid)
  const command = join(app, 'bin/mailgateway')
  // Neither npm nor a compiler, nor anything else.
  const environment = (settings: Record<string, string>) => ({
    PATH: bin,
    MAILGATEWAY_DATA_DIR: data,
    ...settings,
  })

  const run: Release['run'] = async (settings, args, input = '') => {
    const env = environment(settings)
    const child: ChildProcess = spawn(command, args, { env, uid, gid: uid, cwd: app })
    child.stdin?.on('error', () => child.stdin?.destroy())
    child.stdin?.end(input)
    const [stdout, stderr] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, 'close'),
    ])
    return { code: child.exitCode, stdout, stderr }
  }
  return {
    archive,
    app,
    data,
    run,
    start: settings =>
      startProcess({
        name: 'mailgateway',
        command,
        args: ['start'],
        env: environment(settings),
        uid,
        cwd: app,
        isReady: async () => (await run(settings, ['ready'])).code === 0,
        timeout: 60_000,
      }),
    remove() {
      execFileSync('chmod', ['-R', 'u+w', app])
      rmSync(folder, { recursive: true })
    },
  }
}
