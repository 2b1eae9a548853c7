/**
 * All files of the interpreter bear one date. Emscripten stamps them with the moment at which the interpreter was made,
 * which would be a wall clock that differs between a load and a restored snapshot.
 */
import type { HostImport, Memory } from './host-import.ts'

/** 1980-01-01: zip archives know no earlier date. */
const FILE_TIME_S = 315_532_800n
/** Places in C's `struct stat`: of access, change of content, and change of the entry. */
const TIMES = [40, 56, 72]
const NANOSECONDS_AFTER = 8

/** The calls, and which of their arguments is the address of the answer. */
const STAT_IMPORTS = {
  __syscall_stat64: 1,
  __syscall_lstat64: 1,
  __syscall_fstat64: 1,
  __syscall_newfstatat: 2,
} as const

/** @param env the imports as they would be without this. */
export function fileTimes(env: Record<string, HostImport>, memory: () => Memory): Record<string, HostImport> {
  return Object.fromEntries(
    Object.entries(STAT_IMPORTS).map(([name, place]) => {
      const read = env[name]!
      const readWithFixedTimes: HostImport = (...args) => {
        const error = read(...args)
        if (error === 0) setTimes(memory(), (args[place] as number) >>> 0)
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
