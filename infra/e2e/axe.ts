/** What axe finds on a page that would keep somebody out. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'

const source = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** @returns each serious or critical finding: the rule, how often, and where first */
export async function findBarriers(page: Page): Promise<string[]> {
  // The page's own policy takes no foreign script, so it comes by the debugger.
  await page.evaluate(source)
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run({ resultTypes: ['violations'] })")
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.length} such as ${nodes[0]?.target} ${nodes[0]?.failureSummary}`)
}
