/** WORKER THREAD. Makes UTC the local time of the interpreter, because no detection may depend on the host's time zone. */
import type { HostImport, Memory } from './host-import.ts'

/** The offsets in C's `struct tm`. */
const IS_DST = 32
const OFFSET = 36
const ZONE_BYTES = 4

/** @param env the original imports. */
export function utcClock(env: Record<string, HostImport>, memory: () => Memory): Record<string, HostImport> {
  const words = () => new DataView(memory().buffer)
  const setTime = (time: unknown, tm: unknown) => {
    env._gmtime_js!(time, tm)
    words().setInt32((tm as number) + IS_DST, 0, true)
    words().setInt32((tm as number) + OFFSET, 0, true)
  }
  return {
    _localtime_js: setTime,
    _mktime_js: (tm) => {
      try {
        const time = env._timegm_js!(tm)
        setTime(time, tm)
        return time
      } catch {
        // C returns -1 for an invalid date.
        return -1n
      }
    },
    _tzset_js: (timezone, daylight, standardName, summerName) => {
      for (const address of [timezone, daylight]) words().setInt32(address as number, 0, true)
      for (const address of [standardName, summerName]) {
        new Uint8Array(memory().buffer, address as number, ZONE_BYTES).set(Buffer.from('UTC\0'))
      }
    },
  }
}
