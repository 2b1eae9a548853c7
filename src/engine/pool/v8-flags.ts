/**
 * MAIN THREAD. The flags of V8 that the engine sets. They hold for the whole process, a user's test runner included, so
 * this is the only file that sets any. Every entry point that starts a worker reaches it, `signalbox/testing` included.
 */
import { setFlagsFromString } from 'node:v8'

/**
 * Keeps heaps small in a process that runs for a long time; see docs/decisions/0011-heaps-are-collected-early.md.
 *
 * With memory to spare, V8 waits until a heap is up to four times as large as what it holds. Events are garbage within
 * milliseconds, so without this flag a daemon fills that space in each of its heaps and keeps it. Collecting at 1.4 times
 * costs no time that can be measured.
 *
 * The flag holds from the next collection on. Node compiles again what it loads under other flags than before, so the
 * first worker must be up before this is called.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--heap-growing-percent=40')
}

let startedInterpreters = 0

/**
 * Keeps compiled WebAssembly for as long as its module. Every start of an interpreter calls this first; see
 * docs/decisions/0008-no-code-is-freed-between-interpreters.md.
 *
 * V8 may free the wrapper of an import that one thread no longer needs at the moment at which another thread receives it,
 * and then aborts the process (nodejs/node#64500). One interpreter alone is in no danger, so the flag is set for the
 * second one. Setting it for the first one would cost a tenth of a short command's time: under other flags than those of
 * its build, Node compiles its own modules again.
 */
export function keepCompiledWasm(): void {
  startedInterpreters++
  if (startedInterpreters === 2) setFlagsFromString('--no-wasm-code-gc')
}
