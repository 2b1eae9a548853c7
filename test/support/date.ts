/** The date of this process, for tests of code that is not given a clock. */
import { afterEach, beforeEach, vi } from 'vitest'

/** Sets the date for the tests of a file or a suite. Timers go on as usual. */
export function withDate(now: number): void {
  beforeEach(() => void vi.useFakeTimers({ now, toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())
}

/** Sets another date within such a test. */
export function moveDate(now: number): void {
  vi.setSystemTime(now)
}
