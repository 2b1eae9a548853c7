import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import SlowestTests from './test/support/slowest-tests.ts'

/** Tests that start Python or the command. */
const PYTHON = [
  'examples/**/*.test.ts',
  'test/{cli,conformance,docs,engine,scenarios,support,workspace}/**/*.test.ts',
  'test/routing/answers.test.ts',
  'test/testing/case-runs.test.ts',
]
/** Tests of what every adapter and every store must do. */
const CONTRACT = ['test/{contract,destinations,sources,store}/**/*.test.ts']
/** Tests that take every core of the machine: they run after all others. */
const ALONE = ['test/engine/busy-machine.test.ts']

const RUN_FOLDER = 'test/support/run-folder.ts'
const PREPARED_PYTHON = 'test/support/prepared-python.ts'

const common = {
  // Both only end what hangs: what takes a second takes a minute on a busy machine.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  // Files of one worker share the modules of the project: to load them takes longer than most tests.
  isolate: false,
  // Where the package is installed, this is what it exports.
  alias: {
    'signalbox/testing': join(import.meta.dirname, 'src/workspace/testing.ts'),
    'signalbox/destination': join(import.meta.dirname, 'src/destination-api.ts'),
  },
}

export default defineConfig({
  test: {
    // One more than the cores of a machine in CI, because many files wait for another process or the end of a lease.
    maxWorkers: 3,
    // It only ends what hangs: a worker of a busy machine takes longer than the default of 10 s to end.
    teardownTimeout: 120_000,
    reporters: ['default', new SlowestTests()],
    projects: [
      {
        test: {
          ...common,
          name: 'python',
          include: PYTHON,
          exclude: ALONE,
          globalSetup: [RUN_FOLDER, PREPARED_PYTHON],
        },
      },
      { test: { ...common, name: 'contract', include: CONTRACT, globalSetup: RUN_FOLDER } },
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          // `npm run test:security` and `npm run test:package` run the last two: they take minutes.
          exclude: [...PYTHON, ...CONTRACT, 'test/security/**', 'test/npm-package/packed.test.ts'],
          globalSetup: RUN_FOLDER,
        },
      },
      {
        test: {
          ...common,
          name: 'alone',
          include: ALONE,
          globalSetup: [RUN_FOLDER, PREPARED_PYTHON],
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
