import { defineConfig } from 'vitest/config'

/** They measure what the whole machine can do, so nothing else runs beside them. */
const alone = ['infra/e2e/load.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['./infra/e2e/servers.ts'],
    reporters: ['default', './infra/closing-line.ts'],
    // Real servers start in hooks, and two cores hash passwords meanwhile.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', ...alone],
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: alone, sequence: { groupOrder: 1 } } },
    ],
  },
})
