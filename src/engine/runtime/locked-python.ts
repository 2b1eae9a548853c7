/** An interpreter after the lock: the driver's calls, what its memory is put to, and what a snapshot of it holds. */
import { NO_PACKAGES, type PackageSet } from '../../model/project/packages.ts'
import type { PythonFile } from '../protocol/interpreter-start.ts'
import type { BaseSnapshot, DriverCall, OutsideState } from '../protocol/messages.ts'
import { type CApi, callText } from './c-api.ts'
import { type FreezableFiles, freezeFiles } from './freeze-files.ts'
import { resetTo, restoreSnapshot, takeSnapshot } from './heap-snapshot.ts'
import { expectedFiles, type FileTree, unexpectedFile } from './held-files.ts'
import type { Deadline } from './imports/deadline.ts'
import type { OpenFiles } from './imports/file-imports.ts'
import { type DeviceTable, watchRandomDevices } from './imports/host-random.ts'
import { restoreOpenFiles, type StreamTable } from './open-files.ts'
import { outsideStateOf, restoreOutsideState } from './outside-state.ts'
import { installPackages, removePackages } from './package-files.ts'
import { readStandardLibrary } from './python-files.ts'
import type { PatchedImports } from './wasm-imports.ts'
import { SNAPSHOT_BYTES } from './wasm-module.ts'

/** The driver's calls; see batch.py, analysis.py and sandbox.py for the texts. */
export interface Python {
  /** Before any author's code runs. */
  analyze(text: string): string
  load(text: string): string
  /** Loads the bodies that the last `load` left for every start. */
  finishLoad(): string
  evaluate(text: string): string
  test(text: string): string
  unitTests(text: string): string
  /** What a body has changed that all bodies share, these ones included; empty: nothing. */
  findChanges(bodies: readonly number[]): string
}

/** An interpreter that is locked: nothing of the host can be reached from it any more. */
export interface LockedPython extends Python {
  /**
   * Packages are author's code: nothing of them is there before the lock, and nothing can be added once they run. Others
   * that were there are taken away.
   */
  install(packages: PackageSet): void
  /** Of the whole memory, used or not. */
  readonly heapBytes: number
  /** Milliseconds that the author's code may take from a mark on. */
  limit(timeMs: number): void
  /** As it booted: what has run since has not. */
  reset(base: BaseSnapshot): void
  /** What differs from its base, or why no other interpreter can be made the same. */
  takeSnapshot(base: BaseSnapshot): InterpreterSnapshot | { readonly refusal: string }
  /** Puts an image over the base, which must be as it booted. */
  restoreSnapshot(snapshot: InterpreterSnapshot): void
}

interface InterpreterSnapshot {
  readonly heap: Uint8Array
  readonly outside: OutsideState
}

export type Files = FilesToSetUp & StreamTable & DeviceTable & FileTree & OpenFiles & FreezableFiles

interface FilesToSetUp {
  mkdirTree(path: string): void
  writeFile(path: string, data: string | Uint8Array, options?: { readonly canOwn: boolean }): void
  unlink(path: string): void
  rmdir(path: string): void
  chdir(path: string): void
}

/** What Emscripten's own module has, as far as it is used here. */
export interface Interpreter extends CApi {
  readonly FS: Files
  readonly ENV: Record<string, string>
  readonly wasmTable: { readonly length: number }
  /** Address of the flag that makes it ask for signals. */
  readonly _Py_EMSCRIPTEN_SIGNAL_HANDLING: number
}

export interface LockedPythonOptions {
  /** Follows this interpreter, and no other. */
  readonly deadline: Deadline
  /** The runtime's own Python files. */
  readonly files: readonly PythonFile[]
}

/** @param base what its memory is now. */
export function lockedPython(
  interpreter: Interpreter,
  imports: PatchedImports,
  { addresses, marker, functionCount }: BaseSnapshot,
  { deadline, files }: LockedPythonOptions,
): LockedPython {
  const { memory } = imports
  let installed = NO_PACKAGES
  deadline.watch(memory, marker)
  imports.notices.watch(memory, marker)
  watchRandomDevices(interpreter.FS, () => imports.notices.startRead())
  const call = (name: DriverCall, text: string) => {
    try {
      return callText(interpreter, memory, addresses[name], text)
    } catch (error) {
      deadline.onEnd()
      throw error
    }
  }
  const callForLoad = (name: DriverCall, text: string) => {
    const answer = call(name, text)
    // No restored interpreter would have it.
    imports.discardCacheResponse()
    return answer
  }
  let isFrozen = false
  const beforeAuthorsCode = () => {
    if (!isFrozen) freezeFiles(interpreter.FS)
    isFrozen = true
    // What must not be the same in every worker.
    call('reseed', crypto.randomUUID())
  }
  return {
    install(packages) {
      removePackages(interpreter.FS, installed)
      installPackages(interpreter.FS, packages)
      installed = packages
    },
    limit: (timeMs) => deadline.setBudget(timeMs),
    analyze: (text) => call('analyze', text),
    load(text) {
      beforeAuthorsCode()
      return callForLoad('load', text)
    },
    finishLoad: () => callForLoad('finish_load', ''),
    evaluate: (text) => call('evaluate', text),
    test: (text) => call('test', text),
    unitTests: (text) => call('unit_tests', text),
    findChanges: (bodies) => call('find_changes', bodies.join()),
    get heapBytes() {
      return memory.buffer.byteLength
    },
    takeSnapshot({ heap: baseHeap }) {
      if (memory.buffer.byteLength > SNAPSHOT_BYTES)
        return { refusal: 'their memory grew beyond what a snapshot holds' }
      if (interpreter.wasmTable.length !== functionCount) return { refusal: 'they changed the interpreter' }
      const expected = expectedFiles(files, readStandardLibrary(), installed)
      const changed = unexpectedFile(interpreter.FS, expected)
      if (changed) return { refusal: `the file ${changed} of the interpreter is not what it was made from` }
      const outside = outsideStateOf(interpreter.FS, imports.clock)
      if (outside === null) return { refusal: 'they keep files open that cannot be opened again' }
      return { heap: takeSnapshot(memory.buffer, baseHeap), outside }
    },
    reset({ heap, outside }) {
      restoreOpenFiles(interpreter.FS, outside.openFiles)
      resetTo(memory.buffer, heap)
    },
    restoreSnapshot({ heap, outside }) {
      restoreOutsideState(interpreter.FS, imports.clock, outside)
      restoreSnapshot(memory.buffer, heap)
      beforeAuthorsCode()
    },
  }
}
