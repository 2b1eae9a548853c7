import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Where the package is installed, this is what it exports.
    alias: { 'signalbox/testing': join(import.meta.dirname, 'src/workspace/testing.ts') },
    // By `npm run test:security`: they take minutes.
    exclude: ['test/security/**'],
    // Both only end what hangs: what takes a second takes a minute on a busy machine.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    globalSetup: 'test/support/run-folder.ts',
    maxWorkers: 2,
  },
})
