/**
 * Bundles the functions for the cloud: `dist/<name>/index.mjs`, for the runtime nodejs24.x. Beside them the document of
 * the API, to be served as the file `/api/openapi.json`: no function knows the operations of the others.
 * `npm run build:cloud` builds all of it into `dist`, with the console's files in `dist/site`.
 */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { build, type Metafile } from 'esbuild'
import { functions, operations } from '../functions/index.ts'
import { describeApi } from '../lib/http/openapi.ts'
import { banner, leaveOut, readNamespaces } from './build-plugins.ts'

export interface Bundle {
  /** The file with the handler. */
  entry: string
  /** What it is made of. */
  metafile: Metafile
}

/**
 * @param outDir folder that gets one folder per function
 * @returns the entry of each function by name
 */
export async function buildFunctions(outDir: string): Promise<Record<string, string>> {
  await writeDocument(outDir)
  const names = functions.filter(({ cloud }) => cloud).map(({ name }) => name)
  const entries = names.map(async name => [name, (await buildFunction(name, outDir)).entry] as const)
  return Object.fromEntries(await Promise.all(entries))
}

/** @param name of a folder in `functions` */
export async function buildFunction(name: string, outDir: string): Promise<Bundle> {
  const { metafile } = await build({
    entryPoints: { index: `functions/${name}/lambda.ts` },
    outdir: `${outDir}/${name}`,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    plugins: [leaveOut, readNamespaces],
    minify: true,
    metafile: true,
    // Beside the code, in index.mjs.LEGAL.txt.
    legalComments: 'external',
    banner: { js: banner },
    logLevel: 'warning',
  })
  return { entry: `${outDir}/${name}/index.mjs`, metafile }
}

/** As `openapi.json`. */
export async function writeDocument(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true })
  await writeFile(`${outDir}/openapi.json`, JSON.stringify(describeApi(operations)))
}

/** The console's files as they are served, without what is packed for the adapter, and the document at its path. */
async function gatherSite(outDir: string): Promise<void> {
  await cp('web/dist', `${outDir}/site`, {
    recursive: true,
    filter: path => !/\.(br|gz)$|\/built$/.test(path),
  })
  await cp(`${outDir}/openapi.json`, `${outDir}/site/api/openapi.json`)
}

if (import.meta.main) {
  await rm('dist', { recursive: true, force: true })
  await buildFunctions('dist')
  await gatherSite('dist')
}
