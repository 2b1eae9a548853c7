/** Boots Python: the only file that loads Pyodide. Text in, text out; no object ever crosses. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Bug } from '../errors.ts'
import type { PackageSet } from '../model/packages.ts'
import { addressOf, type CApi, callText, runCode } from './c-api.ts'
import type { CacheDesk } from './cache-channel.ts'
import type { Deadline } from './deadline.ts'
import type { OpenFiles } from './file-imports.ts'
import { type FreezableFiles, freezeFiles } from './freeze-files.ts'
import { putImage, resetTo, takeImage } from './heap-image.ts'
import { type Seam, withSeam } from './import-seam.ts'
import { installPackages } from './package-files.ts'
import type { BaseImage, DriverCall } from './protocol.ts'
import type { PythonFile } from './python-files.ts'
import { IMAGE_BYTES } from './wasm-module.ts'

/** The driver's calls; see batch.py, study.py and sandbox.py for the texts. */
export interface Python {
  /** Before any author's code runs. */
  study(text: string): string
  load(text: string): string
  evaluate(text: string): string
  test(text: string): string
  unitTests(text: string): string
  /** What a body has changed that all bodies share, these ones included; empty: nothing. */
  changed(bodies: readonly number[]): string
}

/** An interpreter that is locked: nothing of the host can be reached from it any more. */
export interface LockedPython extends Python {
  /** Packages are author's code: nothing of them is there before the lock, and nothing can be added once they run. */
  install(packages: PackageSet): void
  /** Of the whole memory, used or not. */
  readonly heapBytes: number
  /** Milliseconds that the author's code may take from a mark on. */
  limit(timeMs: number): void
  /** As it booted: what has run since has not. */
  reset(base: BaseImage): void
  /** What differs from its base; null: it grew, and no other interpreter has that much memory from the start. */
  image(base: BaseImage): Uint8Array | null
  /** Puts an image over the base, which must be as it booted. */
  adopt(image: Uint8Array): void
}

export interface Booted {
  readonly python: LockedPython
  /** What it was restored from, or became. */
  readonly base: BaseImage
}

export interface BootOptions {
  /** Follows this interpreter, and no other. */
  readonly deadline: Deadline
  readonly cacheDesk: CacheDesk
  /** The runtime's own Python files. */
  readonly files: readonly PythonFile[]
  /** The compiled interpreter, with its memory's bounds. */
  readonly module: object
  /** The trusted base to start from; without it Python starts from nothing and becomes one. */
  readonly base: BaseImage | null
}

const RUNTIME = '/signalbox'

/** Locked before anything of an author's is let in; nothing of any Python runs unlocked where there is a base. */
export async function bootPython(options: BootOptions): Promise<Booted> {
  if (options.base === null) return startFromNothing(options)
  try {
    return await restore(options.base, options)
  } catch {
    return startFromNothing(options)
  }
}

/** The interpreter without a life of its own, locked, and the base put into its memory. */
async function restore(base: BaseImage, options: BootOptions): Promise<Booted> {
  const { loaded: interpreter, seam } = await withSeam(options, () => createInterpreter(options, 'idle'))
  if (interpreter.wasmTable.length !== base.functions) {
    throw new Bug('the base image belongs to another interpreter')
  }
  seam.lock(interpreter.FS)
  putImage(seam.memory.buffer, base.heap)
  return { base, python: lockedPython(interpreter, seam, base, options.deadline) }
}

/** Python's own start, then the runtime, the driver and common modules: what every image is made over. */
async function startFromNothing(options: BootOptions): Promise<Booted> {
  const { loaded: interpreter, seam } = await withSeam(options, () => createInterpreter(options, 'running'))
  const { memory } = seam
  runCode(interpreter, memory, `import sys; sys.path.insert(0, "${RUNTIME}"); sys.dont_write_bytecode = True`)
  const places = addressOf(interpreter, memory, 'signalbox_driver.prelude', 'places')
  const told = JSON.parse(callText(interpreter, memory, places, '')) as Pick<BaseImage, 'addresses' | 'mark'>
  // Makes the interpreter poll; what it finds there is the deadline's to say.
  new Uint8Array(memory.buffer)[interpreter._Py_EMSCRIPTEN_SIGNAL_HANDLING] = 1
  seam.lock(interpreter.FS)
  callText(interpreter, memory, told.addresses.seal, '')
  const base = { ...told, heap: takeImage(memory.buffer), functions: interpreter.wasmTable.length }
  return { base, python: lockedPython(interpreter, seam, base, options.deadline) }
}

/** What the interpreter would import of the host; for the test that knows every name. */
export async function importedNames(module: object): Promise<readonly string[]> {
  const { seam } = await withSeam({ module }, () => createInterpreter({ module, files: [] }, 'idle'))
  return seam.names
}

/** Nothing of this machine goes in: `_` would name a path of it. */
const ENVIRONMENT = {
  PYTHONHASHSEED: '0',
  PYTHONTZPATH: '/usr/share/zoneinfo',
  TZ: 'UTC',
  HOME: '/home',
  LANG: 'C.UTF-8',
  _: '',
}
const NO_GLOBALS = Object.freeze(Object.create(null)) as object

interface Files extends OpenFiles, FreezableFiles {
  mkdirTree(path: string): void
  writeFile(path: string, data: string | Uint8Array, options?: { readonly canOwn: boolean }): void
  unlink(path: string): void
  chdir(path: string): void
}

/** What Emscripten's own module has, as far as it is used here. */
interface Interpreter extends CApi {
  readonly FS: Files
  readonly ENV: Record<string, string>
  readonly wasmTable: { readonly length: number }
  /** Address of the flag that makes it ask for signals. */
  readonly _Py_EMSCRIPTEN_SIGNAL_HANDLING: number
}

/** The one time zone that needs no database, in the form of RFC 9636: no transition, one kind of time, its name. */
const ZONE_BLOCK = `TZif2${'\0'.repeat(15 + 5 * 4 - 4)}\0\0\0\x01\0\0\0\x04${'\0'.repeat(6)}UTC\0`
const UTC_ZONE = `${ZONE_BLOCK}${ZONE_BLOCK}\nUTC0\n`

const { resolve } = createRequire(import.meta.url)
const LIBRARY = '/lib/python314'

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
  const library = readFileSync(resolve('pyodide/python_stdlib.zip'))
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
        FS.writeFile(`${LIBRARY}.zip`, library, { canOwn: true })
        FS.mkdirTree(ENVIRONMENT.PYTHONTZPATH)
        FS.writeFile(`${ENVIRONMENT.PYTHONTZPATH}/UTC`, UTC_ZONE)
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
    const target = `${RUNTIME}/${path}`
    FS.mkdirTree(target.slice(0, target.lastIndexOf('/')))
    FS.writeFile(target, text)
  }
}

function lockedPython(
  interpreter: Interpreter,
  { memory }: Seam,
  { addresses, mark }: BaseImage,
  deadline: Deadline,
): LockedPython {
  deadline.watch(memory, mark)
  const call = (name: DriverCall, text: string) => {
    try {
      return callText(interpreter, memory, addresses[name], text)
    } catch (error) {
      deadline.ended()
      throw error
    }
  }
  let isFrozen = false
  const beforeAuthorsCode = () => {
    if (!isFrozen) freezeFiles(interpreter.FS)
    isFrozen = true
    // What must not be the same in every worker.
    call('wake', crypto.randomUUID())
  }
  return {
    install: (packages) => installPackages(interpreter.FS, packages),
    limit: (timeMs) => deadline.limit(timeMs),
    study: (text) => call('study', text),
    load(text) {
      beforeAuthorsCode()
      return call('load', text)
    },
    evaluate: (text) => call('evaluate', text),
    test: (text) => call('test', text),
    unitTests: (text) => call('unit_tests', text),
    changed: (bodies) => call('changed', bodies.join()),
    get heapBytes() {
      return memory.buffer.byteLength
    },
    image: ({ heap }) => (memory.buffer.byteLength > IMAGE_BYTES ? null : takeImage(memory.buffer, heap)),
    reset: ({ heap }) => resetTo(memory.buffer, heap),
    adopt(image) {
      putImage(memory.buffer, image)
      beforeAuthorsCode()
    },
  }
}
