/**
 * WORKER THREAD. The clocks of one interpreter. The monotonic clocks of a restored interpreter continue from the value at
 * which its memory was saved, so a value that a body read while it was loaded stays comparable. The wall clock is that of
 * the host, and reads of it are reported.
 */
import type { HostImport, Memory } from './host-import.ts'

/** The number of the wall clock in WASI. Emscripten treats all others as monotonic. */
const WALL_CLOCK = 0
const NANOSECONDS = 1e6

export class InterpreterClock {
  #offsetMs = 0

  /** The value of the monotonic clocks. */
  get monotonicMs(): number {
    return performance.now() + this.#offsetMs
  }

  /** Sets the current value of the monotonic clocks. */
  continueFrom(monotonicMs: number): void {
    this.#offsetMs = monotonicMs - performance.now()
  }
}

/**
 * @param env the original imports.
 * @param onStartRead is called at each read of the wall clock.
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
