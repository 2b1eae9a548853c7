import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Where the package is installed, this is what it exports.
    alias: { 'signalbox/testing': join(import.meta.dirname, 'src/workspace/testing.ts') },
    // By `npm run test:security`: they take minutes.
    exclude: ['test/security/**'],
    testTimeout: 60_000,
    // A hook only ends what hangs: preparing Python takes long on a busy machine.
    hookTimeout: 300_000,
    globalSetup: 'test/support/run-folder.ts',
    maxWorkers: 2,
  },
})
