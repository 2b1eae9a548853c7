/**
 * WORKER THREAD. Lists what Python may use of the host after the interpreter is locked. The list belongs to one version of
 * Pyodide: a test fails if the interpreter imports a name that has not been reviewed.
 */

/** The clocks, randomness, memory growth, the in-memory file system (see file-imports.ts), and the ways to end. */
const ALLOWED = new Set([
  '__assert_fail',
  '__call_sighandler',
  '_Py_CheckEmscriptenSignals_Helper',
  '_PyEM_TrampolineCall_JS',
  '_abort_js',
  '_emscripten_get_now_is_monotonic',
  '_gmtime_js',
  '_localtime_js',
  '_mktime_js',
  '_timegm_js',
  '_tzset_js',
  'clock_res_get',
  'clock_time_get',
  'emscripten_date_now',
  'emscripten_get_heap_max',
  'emscripten_get_now',
  'emscripten_get_now_res',
  'emscripten_resize_heap',
  'environ_get',
  'environ_sizes_get',
  'exit',
  'fd_close',
  'fd_fdstat_get',
  'fd_pread',
  'fd_read',
  'fd_seek',
  'fd_sync',
  'fd_write',
  'proc_exit',
  'random_get',
  // The file system of these calls is memory of this worker; no directory of the host is ever mounted.
  '__syscall_faccessat',
  '__syscall_fcntl64',
  '__syscall_fstat64',
  '__syscall_getcwd',
  '__syscall_getdents64',
  '__syscall_ioctl',
  '__syscall_lstat64',
  '__syscall_newfstatat',
  '__syscall_openat',
  '__syscall_readlinkat',
  '__syscall_stat64',
])

const EPERM = -63
/** The value of EAI_FAIL in this C library. */
const NO_NAME = -4
/** These imports always answer with an error: Python raises an exception and continues. */
const REFUSED: readonly [RegExp, number | null][] = [
  [/^_emscripten_system$/, -1],
  [/^(_dlopen_js|_emscripten_dlopen_js|_dlsym_js)$/, 0],
  // The C library returns the answer as a user id, so it must be one.
  [/^__syscall_getuid32_js$/, 0],
  // A mapped file could be written.
  [/^(__syscall_|_mmap_js$|_munmap_js$|_msync_js$)/, EPERM],
  [/^fd_pwrite$/, -EPERM],
  // There is no event loop to wait on: sleeping then blocks, and the time limit ends it.
  [/^can_run_sync_js$/, 0],
  // There is no promise: the call continues as the system call that is refused above.
  [/^_maybe_\w+_async$/, null],
  // There is no socket: the call continues as the system call, which is checked by itself.
  [/^_try_(fcntl64|shutdown)$/, 0],
  [/^(getaddrinfo|getnameinfo)$/, NO_NAME],
  [/^getprotobyname$/, 0],
  [/^_setitimer_js$/, -1],
]

type ImportRule =
  | { readonly rule: 'allow' }
  | { readonly rule: 'refuse'; readonly answer: number | null }
  /** The import works while the trusted base boots; afterwards it throws, which ends the interpreter. */
  | { readonly rule: 'lock' }

export function importRule(name: string): ImportRule {
  // The `invoke_` imports only call the interpreter itself.
  if (ALLOWED.has(name) || name.startsWith('invoke_')) return { rule: 'allow' }
  const refused = REFUSED.find(([pattern]) => pattern.test(name))
  return refused ? { rule: 'refuse', answer: refused[1] } : { rule: 'lock' }
}
