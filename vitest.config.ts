import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    reporters: ['default', './infra/closing-line.ts'],
    // Real servers start in hooks, and two cores hash passwords meanwhile.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
