/**
 * WORKER THREAD. Gives all files of the interpreter one date. Emscripten gives them the time at which the interpreter was
 * created, which would differ between a loaded and a restored interpreter.
 */
import type { HostImport, Memory } from './host-import.ts'

/** 1980-01-01, the earliest date in zip archives. */
const FILE_TIME_S = 315_532_800n
/** The offsets in C's `struct stat` of the times of access, modification and status change. */
const TIMES = [40, 56, 72]
const NANOSECONDS_AFTER = 8

/** The calls, and the index of the argument that is the address of the result. */
const STAT_IMPORTS = {
  __syscall_stat64: 1,
  __syscall_lstat64: 1,
  __syscall_fstat64: 1,
  __syscall_newfstatat: 2,
} as const

/** @param env the imports that these wrap. */
export function fileTimes(env: Record<string, HostImport>, memory: () => Memory): Record<string, HostImport> {
  return Object.fromEntries(
    Object.entries(STAT_IMPORTS).map(([name, index]) => {
      const read = env[name]!
      const readWithFixedTimes: HostImport = (...args) => {
        const error = read(...args)
        if (error === 0) setTimes(memory(), (args[index] as number) >>> 0)
        return error
      }
      return [name, readWithFixedTimes]
    }),
  )
}

function setTimes({ buffer }: Memory, address: number): void {
  const view = new DataView(buffer)
  for (const at of TIMES) {
    view.setBigInt64(address + at, FILE_TIME_S, true)
    view.setInt32(address + at + NANOSECONDS_AFTER, 0, true)
  }
}
