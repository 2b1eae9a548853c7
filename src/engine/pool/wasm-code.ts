/** What V8 does with the machine code of WebAssembly while several interpreters share a process. */
import { setFlagsFromString } from 'node:v8'

let interpreters = 0

/**
 * Told of each interpreter before it starts. V8 may free the wrapper of an import that one thread has no more use for just
 * as another thread is handed it, and then aborts the process (nodejs/node#64500). One interpreter alone is in no danger;
 * from the second on, no code is freed before its module is. Not from the first on: under another flag than it was built
 * with, Node compiles its own modules anew, a tenth of a short command's time.
 */
export function keepCompiledWasm(): void {
  interpreters++
  if (interpreters === 2) setFlagsFromString('--no-wasm-code-gc')
}
