/** Boots Python: the only file that loads Pyodide. Text in, text out; no object ever crosses. */
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
  /** What it was restored from, or became. */
  readonly base: BaseSnapshot
}

interface BootOptions extends LockedPythonOptions {
  readonly cacheRequester: CacheRequester
  /** The compiled interpreter, with its memory's bounds. */
  readonly module: object
  /** The trusted base to start from; without it Python starts from nothing and becomes one. */
  readonly base: BaseSnapshot | null
}

/** Locked before anything of an author's is let in; nothing of any Python runs unlocked where there is a base. */
export async function bootPython(options: BootOptions): Promise<BootedPython> {
  if (options.base === null) return startFromNothing(options)
  try {
    return await restore(options.base, options)
  } catch {
    return startFromNothing(options)
  }
}

/** The interpreter without a life of its own, locked, and the base put into its memory. */
async function restore(base: BaseSnapshot, options: BootOptions): Promise<BootedPython> {
  const { loaded: interpreter, imports } = await withPatchedImports(options, () =>
    createInterpreter(options, 'idle'),
  )
  if (interpreter.wasmTable.length !== base.functionCount) {
    throw new Bug('the base image belongs to another interpreter')
  }
  imports.lock(interpreter.FS)
  restoreOutsideState(interpreter.FS, imports.clock, base.outside)
  restoreSnapshot(imports.memory.buffer, base.heap)
  return { base, python: lockedPython(interpreter, imports, base, options) }
}

/** Python's own start, then the runtime, the driver and common modules: what every image is made over. */
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
  const locateCalls = addressOf(interpreter, memory, 'signalbox_driver.prelude', 'places')
  const located = JSON.parse(callText(interpreter, memory, locateCalls, '')) as Pick<
    BaseSnapshot,
    'addresses' | 'marker'
  >
  // Makes the interpreter poll; what it finds there is the deadline's to say.
  new Uint8Array(memory.buffer)[interpreter._Py_EMSCRIPTEN_SIGNAL_HANDLING] = 1
  imports.lock(interpreter.FS)
  callText(interpreter, memory, located.addresses.lock_down, '')
  const outside = outsideStateOf(interpreter.FS, imports.clock)
  if (outside === null) throw new Bug('the interpreter opens something that is no file while it starts')
  const heap = takeSnapshot(memory.buffer)
  const base = { ...located, heap, functionCount: interpreter.wasmTable.length, outside }
  return { base, python: lockedPython(interpreter, imports, base, options) }
}

/** Nothing of this machine goes in: `_` would name a path of it. */
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
 * Without Pyodide's loader, whose bridge between Python and JavaScript nobody needs.
 * @param python idle: it is linked, and its state comes with an image; running: it has started.
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
      // There are no packages to know of.
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

/** Of the bridge between Python and JavaScript; once locked, both are refused. */
const ERROR_MARKER = {
  Jsv_GetError_import: () => ERROR_MARKER,
  JsvError_Check: (value: unknown) => value === ERROR_MARKER,
}

/** Copies, so that the interpreter holds no way to the host's disk. */
function installFiles(FS: Files, files: readonly PythonFile[]): void {
  for (const { path, text } of files) {
    const target = runtimeFile(path)
    FS.mkdirTree(target.slice(0, target.lastIndexOf('/')))
    FS.writeFile(target, text)
  }
}
