import { defineConfig } from 'vitest/config'

/** The packed package: it is built, packed and installed, which takes a minute, so it runs by `npm run test:package` and in CI. */
export default defineConfig({
  test: {
    include: ['test/npm-package/packed.test.ts'],
    globalSetup: ['test/support/run-folder.ts'],
    testTimeout: 600_000,
    hookTimeout: 1_200_000,
    teardownTimeout: 120_000,
  },
})
