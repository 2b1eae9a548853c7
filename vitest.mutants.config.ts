import { defineConfig } from 'vitest/config'

/** The tests of guards that need `python3` but neither the engine nor a project, for `npm run mutants:guards`. */
export default defineConfig({
  test: {
    include: ['test/engine/guards/**/*.test.ts'],
    exclude: ['guarded-run', 'guard-reports', 'example-project', 'guard-counts'].map(
      (name) => `**/${name}.test.ts`,
    ),
    isolate: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
