import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openInProcess } from '../../infra/e2e/in-process.ts'
import { openStores, removeStores, sharedSecret } from '../../infra/e2e/stores.ts'
import { doDueJobs, lonelyJobsOf } from './app.ts'
import { handler } from './lambda.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailgateway-tick-'))
afterAll(async () => {
  await removeStores(folder)
  rmSync(folder, { recursive: true })
})

const never = new AbortController().signal

test('each job is done once per interval, however often it is called', async () => {
  const { services, close } = await openInProcess()
  const allWith = (outcome: string) =>
    Object.fromEntries(lonelyJobsOf(services).map(({ name }) => [name, outcome]))
  const calls = await Promise.all([doDueJobs(services, never), doDueJobs(services, never)])
  for (const { name } of lonelyJobsOf(services)) expect(calls.map(each => each[name])).toContain('done')
  expect(calls.flatMap(each => Object.values(each)).filter(outcome => outcome === 'done')).toHaveLength(
    lonelyJobsOf(services).length,
  )
  expect(await doDueJobs(services, never)).toEqual(allWith('not due'))
  await close()
})

test('one that fails keeps none of the others from being done, and none begins after the end', async () => {
  const { services, close } = await openInProcess()
  const errors: object[] = []
  const log = { ...services.log, error: (about: object) => errors.push(about) }
  const deaf = { ...services, log, logDb: undefined as never }
  const outcomes = Object.values(await doDueJobs(deaf, never))
  expect(outcomes).toHaveLength(lonelyJobsOf(services).length)
  expect(errors).toHaveLength(outcomes.filter(outcome => outcome === 'failed').length)
  expect(outcomes).toEqual(expect.arrayContaining(['done', 'failed']))
  expect(await doDueJobs(services, AbortSignal.abort())).toEqual({})
  await close()
})

test('a scheduled event does them', async () => {
  Object.assign(process.env, await openStores(folder), {
    MAILGATEWAY_DATA_DIR: folder,
    MAILGATEWAY_SECRET_KEY: sharedSecret,
  })
  const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }
  const context = { getRemainingTimeInMillis: () => 20_000 }
  expect(await handler(event, context)).toMatchObject({ 'roll-up': 'done', retention: 'done' })
  expect(await handler(event, context)).toMatchObject({ 'roll-up': 'not due', retention: 'not due' })
})
