import { expect } from 'vitest'
import { patienceMs } from './browser.ts'

/** Looks again and again until a page shows what is expected. */
export const watch = <T>(look: () => T) => expect.poll(look, { timeout: patienceMs })
