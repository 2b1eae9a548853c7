/**
 * The clocks of one interpreter. Its monotonic clocks go on from the moment at which its memory was saved: what a body
 * took from them while it was loaded stays comparable. The wall clock is the host's, and reading it is reported.
 */
import type { HostImport, Memory } from './host-import.ts'

/** WASI's number of the wall clock; all others are monotonic to Emscripten. */
const WALL_CLOCK = 0
const NANOSECONDS = 1e6

export class InterpreterClock {
  #offsetMs = 0

  /** The value of the monotonic clocks. */
  get monotonicMs(): number {
    return performance.now() + this.#offsetMs
  }

  /** The clocks have this value now. */
  continueFrom(monotonicMs: number): void {
    this.#offsetMs = monotonicMs - performance.now()
  }
}

/**
 * @param env the imports as they came.
 * @param onStartRead is called at each reading of the wall clock.
 */
export function clockImports(
  env: Record<string, HostImport>,
  memory: () => Memory,
  clock: InterpreterClock,
  onStartRead: () => void,
): Record<string, HostImport> {
  const readClock = env.clock_time_get!
  const readWallClock = env.emscripten_date_now!
  return {
    clock_time_get: (number, precision, address) => {
      const error = readClock(number, precision, address)
      if (number === WALL_CLOCK) onStartRead()
      else if (error === 0) {
        const nanoseconds = BigInt(Math.round(clock.monotonicMs * NANOSECONDS))
        new DataView(memory().buffer).setBigInt64((address as number) >>> 0, nanoseconds, true)
      }
      return error
    },
    emscripten_date_now: () => {
      onStartRead()
      return readWallClock()
    },
    emscripten_get_now: () => clock.monotonicMs,
  }
}
