/**
 * WORKER THREAD. The imports for files of a locked interpreter. They accept only the flags, commands and lengths that are
 * listed here, whatever Emscripten's emulation would do with others.
 */
import type { HostImport, Memory } from './host-import.ts'

/** The part of Emscripten's open file that is used here. */
interface OpenFile {
  readonly node: { readonly contents?: unknown }
  /** The names in the folder, which Emscripten keeps from the first listing on. */
  getdents?: readonly string[] | null
}

/** The table of descriptors of Emscripten. */
export interface OpenFiles {
  readonly streams: readonly (OpenFile | null | undefined)[]
}

/** The values of the flags in this C library. */
const OPEN_FLAGS = allBits({
  O_NONBLOCK: 0o4000,
  O_LARGEFILE: 0o100000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  O_CLOEXEC: 0o2000000,
})
const AT_FLAGS = allBits({
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_EACCESS: 0x200,
  AT_NO_AUTOMOUNT: 0x800,
  AT_EMPTY_PATH: 0x1000,
})
const ACCESS_MODES = allBits({ R_OK: 4, X_OK: 1 })
/** The other commands copy descriptors without limit, or make a file writable. */
const DESCRIPTOR_COMMANDS = allValues({ F_GETFD: 1, F_SETFD: 2, F_GETFL: 3 })
const SEEK_ORIGINS = allValues({ SEEK_SET: 0, SEEK_CUR: 1, SEEK_END: 2 })
/** The usual limit of Linux. Each open file costs an object of JavaScript that no other limit counts. */
const MAX_OPEN_FILES = 1024
const MAX_PATH_BYTES = 4096

const LIST_IMPORT = '__syscall_getdents64'

/** The error numbers of WASI. The `fd_` imports return them as they are, system calls negated. */
const ERROR = { EBADF: 8, EINVAL: 28, EMFILE: 33, ENAMETOOLONG: 37, ENOTTY: 59, EPERM: 63, EROFS: 69 }

/** Returns the error of the import; 0: the emulation handles the call. */
type Guard = (...args: number[]) => number

/** The open files. Standard streams are recognized by identity, because their numbers can be reused. */
class LockedFiles {
  readonly #files: OpenFiles
  readonly #standard: ReadonlySet<OpenFile>
  readonly #output: ReadonlySet<OpenFile>
  readonly #listings = new WeakMap<object, readonly string[]>()

  constructor(files: OpenFiles) {
    this.#files = files
    const [input, output, error] = files.streams
    this.#standard = new Set([input!, output!, error!])
    this.#output = new Set([output!, error!])
  }

  isOpen(descriptor: number): boolean {
    return this.#at(descriptor) !== undefined
  }

  isStandard(descriptor: number): boolean {
    return this.#standard.has(this.#at(descriptor)!)
  }

  isOutput(descriptor: number): boolean {
    return this.#output.has(this.#at(descriptor)!)
  }

  get isFull(): boolean {
    return this.#files.streams.filter(Boolean).length >= MAX_OPEN_FILES
  }

  /** Lets all descriptors of a folder share one list of its names, since a folder never changes. */
  shareListing(descriptor: number): void {
    const file = this.#at(descriptor)
    const folder = file?.node.contents
    if (!file || typeof folder !== 'object' || folder === null) return
    if (file.getdents) this.#listings.set(folder, file.getdents)
    else file.getdents = this.#listings.get(folder) ?? null
  }

  #at(descriptor: number): OpenFile | undefined {
    return this.#files.streams[descriptor] ?? undefined
  }
}

interface FileImports {
  readonly imports: Record<string, HostImport>
  /** Locks the imports for good. */
  readonly lock: (files: OpenFiles) => void
}

/** @param env the original imports. */
export function fileImports(env: Record<string, HostImport>, memory: () => Memory): FileImports {
  let locked: LockedFiles | undefined
  const imports: Record<string, HostImport> = {}
  for (const [name, guard] of Object.entries(guards(() => locked!, memory))) {
    const original = env[name]!
    const sign = name.startsWith('fd_') ? 1 : -1
    imports[name] = (...args) => {
      const error = locked === undefined ? 0 : guard(...(args as number[]))
      return error === 0 ? original(...args) : sign * error
    }
  }
  const list = env[LIST_IMPORT]!
  imports[LIST_IMPORT] = (descriptor, ...more) => {
    locked?.shareListing(descriptor as number)
    const answer = list(descriptor, ...more)
    locked?.shareListing(descriptor as number)
    return answer
  }
  return {
    imports,
    lock: (files) => {
      locked = new LockedFiles(files)
    },
  }
}

function guards(files: () => LockedFiles, memory: () => Memory): Record<string, Guard> {
  const path = (address: number) => (isLongPath(memory(), address) ? ERROR.ENAMETOOLONG : 0)
  return {
    __syscall_openat: (_folder, name, flags) => {
      if (hasOthers(flags!, OPEN_FLAGS)) return ERROR.EROFS
      return files().isFull ? ERROR.EMFILE : path(name!)
    },
    __syscall_stat64: (name) => path(name!),
    __syscall_lstat64: (name) => path(name!),
    __syscall_newfstatat: (_folder, name, _into, flags) =>
      hasOthers(flags!, AT_FLAGS) ? ERROR.EINVAL : path(name!),
    __syscall_faccessat: (_folder, name, mode, flags) => {
      if (hasOthers(mode!, ACCESS_MODES)) return ERROR.EROFS
      return hasOthers(flags!, AT_FLAGS) ? ERROR.EINVAL : path(name!)
    },
    __syscall_readlinkat: (_folder, name) => path(name!),
    __syscall_fcntl64: (_descriptor, command) => (DESCRIPTOR_COMMANDS.has(command!) ? 0 : ERROR.EPERM),
    // No file is a terminal, so no command applies.
    __syscall_ioctl: (descriptor) => (files().isOpen(descriptor!) ? ERROR.ENOTTY : ERROR.EBADF),
    fd_close: (descriptor) => (files().isStandard(descriptor!) ? ERROR.EPERM : 0),
    fd_seek: (_descriptor, _offset, origin) => (SEEK_ORIGINS.has(origin!) ? 0 : ERROR.EINVAL),
    // Files are memory outside of the interpreter's, which its limit does not count.
    fd_write: (descriptor) => (files().isOutput(descriptor!) ? 0 : ERROR.EBADF),
  }
}

function allBits(flags: Readonly<Record<string, number>>): number {
  return Object.values(flags).reduce((sum, bit) => sum | bit, 0)
}

function allValues(numbers: Readonly<Record<string, number>>): ReadonlySet<number> {
  return new Set(Object.values(numbers))
}

function hasOthers(bits: number, allowed: number): boolean {
  return (bits & ~allowed) !== 0
}

/** The emulation makes a text of a path, which takes about twenty times its bytes, and no limit counts them. */
function isLongPath({ buffer }: Memory, address: number): boolean {
  const start = address >>> 0
  const bytes = new Uint8Array(buffer, start, Math.min(MAX_PATH_BYTES, buffer.byteLength - start))
  return !bytes.includes(0)
}
