/** Boots Python: the only file that loads Pyodide. Text in, text out; no object ever crosses. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { PyodideInterface } from 'pyodide'
import { Bug } from '../errors.ts'
import type { PackageSet } from '../model/packages.ts'
import { type CApi, callText } from './c-api.ts'
import type { CacheDesk } from './cache-channel.ts'
import type { Deadline } from './deadline.ts'
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
  /** Packages are author's code: nothing of them is there before the lock. */
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
const DRIVER: Record<DriverCall, string> = {
  seal: 'signalbox_driver.sandbox',
  wake: 'signalbox_driver.sandbox',
  study: 'signalbox_driver.study',
  load: 'signalbox_driver.batch',
  evaluate: 'signalbox_driver.batch',
  test: 'signalbox_driver.batch',
  unit_tests: 'signalbox_driver.batch',
  changed: 'signalbox_driver.canary',
}

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
  const { deadline, cacheDesk, module } = options
  const { loaded: interpreter, seam } = await withSeam({ deadline, cacheDesk, module }, () =>
    bareInterpreter(options),
  )
  if (interpreter.wasmTable.length !== base.functions) {
    throw new Bug('the base image belongs to another interpreter')
  }
  seam.lock()
  putImage(seam.memory.buffer, base.heap)
  return { base, python: lockedPython(interpreter, seam, base, deadline) }
}

/** The loader's whole work, then the runtime, the driver and common modules: what every image is made over. */
async function startFromNothing(options: BootOptions): Promise<Booted> {
  const { deadline, cacheDesk, module } = options
  const { loaded: pyodide, seam } = await withSeam({ deadline, cacheDesk, module }, startPyodide)
  installFiles(pyodide.FS, options.files)
  pyodide.runPython(`import sys; sys.path.insert(0, "${RUNTIME}"); sys.dont_write_bytecode = True`)
  pyodide.runPython('import signalbox_driver.prelude, gc; gc.collect()')
  const addresses = driverAddresses(pyodide)
  const mark = pyodide.runPython('import signalbox_driver.marks as m; m.address()') as number
  // Makes the interpreter poll; what it finds there is the deadline's to say.
  pyodide.setInterruptBuffer(new Uint8Array(1))
  const { _module: interpreter } = pyodide as unknown as { _module: Interpreter }
  seam.lock()
  callText(interpreter, seam.memory, addresses.seal, '')
  const heap = takeImage(seam.memory.buffer)
  const base = { heap, addresses, mark, functions: interpreter.wasmTable.length }
  return { base, python: lockedPython(interpreter, seam, base, deadline) }
}

/** What the interpreter would import of the host; for the test that knows every name. */
export async function importedNames(): Promise<readonly string[]> {
  const { seam } = await withSeam({}, startPyodide)
  return seam.names
}

const ENVIRONMENT = { PYTHONHASHSEED: '0', TZ: 'UTC', HOME: '/home', LANG: 'C.UTF-8', _: '' }
const NO_GLOBALS = Object.freeze(Object.create(null)) as object

/** Nothing of this machine goes in: `_` would name a path of it, and so would the script that is running. */
async function startPyodide(): Promise<PyodideInterface> {
  const { loadPyodide } = await import('pyodide')
  const { argv } = process
  process.argv = [argv[0]!, 'python']
  try {
    const pyodide = await loadPyodide({ env: ENVIRONMENT, jsglobals: NO_GLOBALS, stdin: () => null })
    // The loader's own streams keep what has no line break, without limit; so does its terminal, which also reads.
    const drop = { write: ({ length }: Uint8Array) => length }
    pyodide.setStdout(drop)
    pyodide.setStderr(drop)
    dropTerminals(pyodide.FS)
    return pyodide
  } finally {
    process.argv = argv
  }
}

type Files = PyodideInterface['FS']

/** What Emscripten's own module has, as far as it is used here. */
interface Interpreter extends CApi {
  readonly FS: Files
  readonly wasmTable: { readonly length: number }
}

const { resolve } = createRequire(import.meta.url)
const LIBRARY = '/lib/python314'

/** Everything of the loader's work but what runs Python: linking, and the files. Python's own state comes with an image. */
async function bareInterpreter({ module, files }: BootOptions): Promise<Interpreter> {
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
    noInitialRun: true,
    arguments: [],
    stdin: () => null,
    stdout: () => {},
    stderr: () => {},
    preRun: [
      ({ FS }: Interpreter) => {
        for (const folder of ['site-packages', 'lib-dynload']) FS.mkdirTree(`/lib/python3.14/${folder}`)
        FS.writeFile(`${LIBRARY}.zip`, library, { canOwn: true })
        FS.mkdirTree(ENVIRONMENT.HOME)
        FS.chdir(ENVIRONMENT.HOME)
        installFiles(FS, files)
        dropTerminals(FS)
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

/** What the loader makes in another way; once locked, both are refused. */
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

function dropTerminals(FS: Files): void {
  for (const terminal of ['/dev/tty', '/dev/tty1']) FS.unlink(terminal)
}

function driverAddresses(pyodide: PyodideInterface): Record<DriverCall, number> {
  const names = Object.entries(DRIVER)
  const modules = [...new Set(Object.values(DRIVER))].join(', ')
  const ids = names.map(([name, module]) => `id(${module}.${name})`).join(', ')
  const text = pyodide.runPython(`import ${modules}; ",".join(map(str, [${ids}]))`) as string
  const addresses = text.split(',').map(Number)
  return Object.fromEntries(names.map(([name], i) => [name, addresses[i]])) as Record<DriverCall, number>
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
  // What must not be the same in every worker.
  const wake = () => call('wake', crypto.randomUUID())
  return {
    install: (packages) => installPackages(interpreter.FS, packages),
    limit: (timeMs) => deadline.limit(timeMs),
    study: (text) => call('study', text),
    load(text) {
      wake()
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
      wake()
    },
  }
}
