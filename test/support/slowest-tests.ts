/** A reporter that lists the slowest tests of a run, so that a test that has become slow is seen. */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

const LISTED_COUNT = 10

export default class SlowestTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    // A filtered run has nothing to compare.
    if (tests.length <= LISTED_COUNT) return
    const slowest = tests.toSorted((a, b) => durationMs(b) - durationMs(a)).slice(0, LISTED_COUNT)
    console.log('\nSlowest tests:')
    for (const test of slowest) {
      const seconds = (durationMs(test) / 1_000).toFixed(1).padStart(6)
      console.log(`${seconds} s  ${test.module.relativeModuleId} > ${test.fullName}`)
    }
  }
}

function durationMs(test: TestCase): number {
  return test.diagnostic()?.duration ?? 0
}
