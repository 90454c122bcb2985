/**
 * Bundles the functions for the cloud: `dist/<name>/index.mjs`, for the runtime nodejs24.x. Beside them the document of
 * the API, to be served as the file `/api/openapi.json`: no function knows the operations of the others.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { functions, operations } from '../functions/index.ts'
import { describeApi } from '../lib/http/openapi.ts'

/** CommonJS libraries inside an ES module still call `require`. The minifier, which knows nothing of this line, takes short names. */
const banner =
  "import{createRequire as createBundleRequire}from'node:module';const require=createBundleRequire(import.meta.url);"

/**
 * @param outDir folder that gets one folder per function
 * @returns the entry of each function by name
 */
export async function buildFunctions(outDir: string): Promise<Record<string, string>> {
  await writeDocument(outDir)
  const names = functions.filter(({ cloud }) => cloud).map(({ name }) => name)
  await Promise.all(names.map(name => buildFunction(name, outDir)))
  return Object.fromEntries(names.map(name => [name, `${outDir}/${name}/index.mjs`]))
}

async function buildFunction(name: string, outDir: string): Promise<void> {
  await build({
    entryPoints: {
      index: `functions/${name}/lambda.ts`,
      // The embedded database's thread, started from a file of its own.
      'sqlite-worker': 'lib/database/sqlite-worker.ts',
    },
    outdir: `${outDir}/${name}`,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: ['better-sqlite3'],
    minify: true,
    banner: { js: banner },
    logLevel: 'warning',
  })
}

/** As `openapi.json`. */
export async function writeDocument(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true })
  await writeFile(`${outDir}/openapi.json`, JSON.stringify(describeApi(operations)))
}
