import { defineConfig } from 'vitest/config'

/** The escape attempts and their controls: minutes rather than seconds, so they run by `npm run test:security` and in CI. */
export default defineConfig({
  test: {
    include: ['test/security/**/*.test.ts'],
    globalSetup: ['test/support/run-folder.ts', 'test/support/prepared-python.ts'],
    // The hooks try hundreds of attempts, on whatever machine there is.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
    teardownTimeout: 120_000,
  },
})
