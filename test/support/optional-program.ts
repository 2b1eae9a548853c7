/**
 * Programs that some tests need and that npm does not bring: shells, `logrotate`, `nats-server`, `kubectl`, the broker of Kafka.
 * `.ci/run` installs them. Elsewhere a test that lacks one is skipped with the reason in its title.
 */
import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'

export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v "$1"`, 'sh', program]).status === 0
}

/**
 * `describe` for a suite that needs the program: where it is missing, one skipped test says why.
 * In CI (`CI=true`) a missing program is a failing test, so that no suite is left out without notice.
 */
export function describeWithProgram(program: string, title: string, suite: () => void): void {
  describeUnless(isInstalled(program) ? null : `${program} is not installed`, program, title, suite)
}

/** @param reason Why the program cannot be used, or null. */
export function describeUnless(
  reason: string | null,
  program: string,
  title: string,
  suite: () => void,
): void {
  if (reason === null) {
    describe(title, suite)
    return
  }
  if (process.env.CI === 'true') {
    it(`${title} (requires ${program})`, () => {
      throw new Error(`${reason}: .ci/run must install it`)
    })
  } else {
    it.skip(`${title} (skipped: ${reason})`, () => {})
  }
}
