/** All scenes in one look. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { signIn, type Visitor, visit } from '../e2e/browser.ts'
import type { Look } from './looks.ts'
import type { Scene } from './scenes.ts'
import { shoot } from './shoot.ts'
import { adminPassword, type World } from './world.ts'

export interface Tour {
  browser: Browser
  world: Pick<World, 'busy' | 'empty' | 'oneTimePassword'>
  /** Pictures go into a folder for each look. */
  folder: string
  /** Is told of each picture, and of what is wrong with it. */
  note(look: Look, name: string, faults: string[]): void
}

export async function shootAll(tour: Tour, scenes: Scene[], look: Look): Promise<void> {
  const folder = join(tour.folder, look.name)
  mkdirSync(folder, { recursive: true })
  await using visitors = new AsyncDisposableStack()
  const known = new Map<string, Visitor>()
  for (const scene of scenes) {
    const { on = 'busy', by = 'admin' } = scene
    const key = `${on} ${by}`
    const visitor = known.get(key) ?? visitors.use(await open(tour, look, { on, by }))
    known.set(key, visitor)
    tour.note(look, scene.name, await shootScene(visitor, scene, look, folder))
  }
}

/** A busy machine takes its time over an administrator's password. */
const patienceMs = 60_000

export async function open(
  { browser, world }: Tour,
  look: Look,
  { on, by }: Required<Pick<Scene, 'on' | 'by'>>,
): Promise<Visitor> {
  const visitor = await visit(browser, { base: `http://127.0.0.1:${world[on].ports.admin}`, ...look })
  visitor.page.setDefaultTimeout(patienceMs)
  if (by === 'admin') await signIn(visitor.page, 'admin', adminPassword)
  if (by === 'newcomer') await signIn(visitor.page, 'newcomer', world.oneTimePassword)
  return visitor
}

async function shootScene(visitor: Visitor, scene: Scene, look: Look, folder: string): Promise<string[]> {
  const { page } = visitor
  const faults: string[] = []
  await page.goto(scene.path)
  await page.locator('h1').or(page.locator('.ant-result')).first().waitFor()
  await scene.act?.(page).catch(error => faults.push(`cannot be opened: ${String(error).split('\n')[0]}`))
  faults.push(...(await shoot(page, join(folder, `${scene.name}.png`), look)))
  return [...faults, ...visitor.complaints()]
}
