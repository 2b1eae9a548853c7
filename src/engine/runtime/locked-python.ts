/** WORKER THREAD. A locked interpreter: calls of the driver, and snapshots of its state. */
import { NO_PACKAGES, type PackageSet } from '../../model/project/packages.ts'
import type { PythonFile } from '../protocol/interpreter-start.ts'
import type { BaseSnapshot, DriverCall, OutsideState } from '../protocol/messages.ts'
import { type CApi, callText, heapEnd } from './c-api.ts'
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

/** The calls of the driver. Their texts are described in batch.py, analysis.py and integrity.py. */
export interface Python {
  /** Must be called before any project code runs. */
  analyze(text: string): string
  load(text: string): string
  /** Loads the bodies that the last `load` left out because they depend on the start. */
  finishLoad(): string
  evaluate(text: string): string
  test(text: string): string
  unitTests(text: string): string
  /** Returns the shared state that was changed, these bodies included; empty: none. */
  findChanges(bodies: readonly number[]): string
}

/** An interpreter that is locked: it cannot reach the host any more. */
export interface LockedPython extends Python {
  /**
   * Replaces the installed packages. Packages are project code: none is installed before the lock, and none can be added
   * after project code has run.
   */
  install(packages: PackageSet): void
  /** How much memory Python has taken so far. It never gives any back. */
  readonly heapBytes: number
  /** Sets how many milliseconds project code may take for each marker. */
  limit(timeMs: number): void
  /** Resets the interpreter to its state after booting. */
  reset(base: BaseSnapshot): void
  /** Takes the difference from the base, or returns why no other interpreter could be restored from it. */
  takeSnapshot(base: BaseSnapshot): InterpreterSnapshot | { readonly refusal: string }
  /** Restores a snapshot over the base. The interpreter must be in its state after booting. */
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

/** The part of Emscripten's module that is used here. */
export interface Interpreter extends CApi {
  readonly FS: Files
  readonly ENV: Record<string, string>
  readonly wasmTable: { readonly length: number }
  /** The address of the flag that makes the interpreter poll for signals. */
  readonly _Py_EMSCRIPTEN_SIGNAL_HANDLING: number
}

export interface LockedPythonOptions {
  /** The deadline of this interpreter. */
  readonly deadline: Deadline
  /** The runtime's own Python files. */
  readonly files: readonly PythonFile[]
}

/** @param base the state of its memory now. */
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
    // A restored interpreter would not have the response.
    imports.discardCacheResponse()
    return answer
  }
  let isFrozen = false
  const prepareForProjectCode = () => {
    if (!isFrozen) freezeFiles(interpreter.FS)
    isFrozen = true
    // The random seed must differ between workers.
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
      prepareForProjectCode()
      return callForLoad('load', text)
    },
    finishLoad: () => callForLoad('finish_load', ''),
    evaluate: (text) => call('evaluate', text),
    test: (text) => call('test', text),
    unitTests: (text) => call('unit_tests', text),
    findChanges: (bodies) => call('find_changes', bodies.join()),
    get heapBytes() {
      return heapEnd(interpreter, memory)
    },
    takeSnapshot({ heap: baseHeap }) {
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
      prepareForProjectCode()
    },
  }
}
