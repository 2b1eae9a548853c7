/** WORKER THREAD. Boots Python. This is the only file that loads Pyodide. */
import { Bug } from '../../errors.ts'
import type { PythonFile } from '../protocol/interpreter-start.ts'
import type { BaseSnapshot } from '../protocol/messages.ts'
import { PYTHON_STACK_BYTES } from '../protocol/stack-sizes.ts'
import { addressOf, callText, limitStack, runCode } from './c-api.ts'
import { restoreSnapshot, takeSnapshot } from './heap-snapshot.ts'
import { LIBRARY_FILE, RUNTIME_FOLDER, runtimeFile } from './held-files.ts'
import type { CacheRequester } from './imports/cache-channel.ts'
import {
  type Files,
  type Interpreter,
  type LockedPython,
  type LockedPythonOptions,
  lockedPython,
} from './locked-python.ts'
import { outsideStateOf, restoreOutsideState } from './outside-state.ts'
import { readStandardLibrary } from './python-files.ts'
import { TIME_ZONES_FOLDER, UTC_ZONE, UTC_ZONE_FILE } from './time-zone.ts'
import { withPatchedImports } from './wasm-imports.ts'

export interface BootedPython {
  readonly python: LockedPython
  /** The base that it was restored from, or the one that was created because there was none. */
  readonly base: BaseSnapshot
}

interface BootOptions extends LockedPythonOptions {
  readonly cacheRequester: CacheRequester
  /** The compiled interpreter, with its memory's bounds. */
  readonly module: object
  /** The trusted base to start from. Without it Python starts from nothing, and a base is created. */
  readonly base: BaseSnapshot | null
}

/** Boots and locks an interpreter before it receives any project code. With a base, no Python code runs before the lock. */
export async function bootPython(options: BootOptions): Promise<BootedPython> {
  if (options.base === null) return startFromNothing(options)
  try {
    return await restore(options.base, options)
  } catch {
    return startFromNothing(options)
  }
}

/** Links an interpreter without starting Python, locks it, and restores the base in its memory. */
async function restore(base: BaseSnapshot, options: BootOptions): Promise<BootedPython> {
  const { loaded: interpreter, imports } = await withPatchedImports(options, () =>
    createInterpreter(options, 'idle'),
  )
  if (interpreter.wasmTable.length !== base.functionCount) {
    throw new Bug('the base snapshot belongs to another interpreter')
  }
  imports.lock(interpreter.FS)
  restoreOutsideState(interpreter.FS, imports.clock, base.outside)
  restoreSnapshot(imports.memory.buffer, base.heap)
  return { base, python: lockedPython(interpreter, imports, base, options) }
}

/** Starts Python, then loads the runtime, the driver and common modules. All snapshots are taken over this base. */
async function startFromNothing(options: BootOptions): Promise<BootedPython> {
  const { loaded: interpreter, imports } = await withPatchedImports(options, () =>
    createInterpreter(options, 'running'),
  )
  const { memory } = imports
  limitStack(interpreter, PYTHON_STACK_BYTES)
  runCode(
    interpreter,
    memory,
    `import sys; sys.path.insert(0, "${RUNTIME_FOLDER}"); sys.dont_write_bytecode = True`,
  )
  const locateCalls = addressOf(interpreter, memory, 'signalbox_driver.prelude', 'locate_calls')
  const located = JSON.parse(callText(interpreter, memory, locateCalls, '')) as Pick<
    BaseSnapshot,
    'addresses' | 'marker'
  >
  // The flag makes the interpreter poll for signals; the deadline answers the polls.
  new Uint8Array(memory.buffer)[interpreter._Py_EMSCRIPTEN_SIGNAL_HANDLING] = 1
  imports.lock(interpreter.FS)
  callText(interpreter, memory, located.addresses.lock_down, '')
  const outside = outsideStateOf(interpreter.FS, imports.clock)
  if (outside === null) throw new Bug('the interpreter opens something other than a file while it starts')
  const heap = takeSnapshot(memory.buffer)
  const base = { ...located, heap, functionCount: interpreter.wasmTable.length, outside }
  return { base, python: lockedPython(interpreter, imports, base, options) }
}

/** The environment holds nothing of this machine; `_` would be a path of it. */
const ENVIRONMENT = {
  PYTHONHASHSEED: '0',
  PYTHONTZPATH: TIME_ZONES_FOLDER,
  TZ: 'UTC',
  HOME: '/home',
  LANG: 'C.UTF-8',
  _: '',
}
const NO_GLOBALS = Object.freeze(Object.create(null)) as object

/**
 * Creates an interpreter without Pyodide's loader, because the bridge between Python and JavaScript is not used.
 *
 * @param python idle: Python is linked but not started, and a snapshot provides its state; running: Python has started.
 */
async function createInterpreter(
  { module, files }: Pick<BootOptions, 'module' | 'files'>,
  python: 'idle' | 'running',
): Promise<Interpreter> {
  const entry = 'pyodide/pyodide.asm.mjs'
  const { default: create } = (await import(entry)) as { default: (options: object) => Promise<Interpreter> }
  const library = readStandardLibrary()
  return create({
    API: {
      config: { jsglobals: NO_GLOBALS, env: {}, args: [] },
      runtimeEnv: { IN_NODE: true },
      // There is no list of Pyodide's own packages.
      lockFilePromise: new Promise(() => {}),
    },
    noInitialRun: python === 'idle',
    thisProgram: 'python',
    arguments: [],
    stdin: () => null,
    stdout: () => {},
    stderr: () => {},
    preRun: [
      ({ FS, ENV }: Interpreter) => {
        Object.assign(ENV, ENVIRONMENT)
        for (const folder of ['site-packages', 'lib-dynload']) FS.mkdirTree(`/lib/python3.14/${folder}`)
        FS.writeFile(LIBRARY_FILE, library, { canOwn: true })
        FS.mkdirTree(TIME_ZONES_FOLDER)
        FS.writeFile(UTC_ZONE_FILE, UTC_ZONE)
        FS.mkdirTree(ENVIRONMENT.HOME)
        FS.chdir(ENVIRONMENT.HOME)
        installFiles(FS, files)
        for (const terminal of ['/dev/tty', '/dev/tty1']) FS.unlink(terminal)
      },
    ],
    instantiateWasm(
      imports: { env: Record<string, unknown> },
      done: (instance: object, module: object) => void,
    ) {
      Object.assign(imports.env, ERROR_MARKER)
      void WASM.instantiate(module, imports).then((made) => done(made.instance, made.module))
      return {}
    },
  })
}

const WASM = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly
interface WebAssemblyHost {
  instantiate(module: unknown, imports: object): Promise<{ instance: object; module: object }>
}

/** Two imports of the bridge between Python and JavaScript; the lock refuses both. */
const ERROR_MARKER = {
  Jsv_GetError_import: () => ERROR_MARKER,
  JsvError_Check: (value: unknown) => value === ERROR_MARKER,
}

/** Copies the files into memory, so that the interpreter has no access to the host's disk. */
function installFiles(FS: Files, files: readonly PythonFile[]): void {
  for (const { path, text } of files) {
    const target = runtimeFile(path)
    FS.mkdirTree(target.slice(0, target.lastIndexOf('/')))
    FS.writeFile(target, text)
  }
}
