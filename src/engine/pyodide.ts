/** Boots Python: the only file that loads Pyodide. Text in, text out; no object ever crosses. */
import { loadPyodide, type PyodideInterface } from 'pyodide'
import { type CApi, callText } from './c-api.ts'
import { Deadline } from './deadline.ts'
import { type Seam, withSeam } from './import-seam.ts'
import { readPythonFiles } from './python-files.ts'

/** The driver's calls; see batch.py, body_facts.py and sandbox.py for the texts. */
export interface Python {
  /** Before any author's code runs. */
  facts(text: string): string
  load(text: string): string
  evaluate(text: string): string
  test(text: string): string
}

/** An interpreter that is locked: nothing of the host can be reached from it any more. */
export interface LockedPython extends Python {
  /** Milliseconds that the author's code may take from a mark on. */
  limit(timeMs: number): void
  /** A copy of the whole heap: a project's image. */
  heap(): Uint8Array
  /** Puts an image in place. Its base and version must be this interpreter's own. */
  adopt(heap: Uint8Array): void
}

export interface BootOptions {
  readonly mark: Int32Array
  /** The compiled interpreter, with its memory's bounds; the loader's own without it. */
  readonly module?: object
  /** The trusted base to restore; without it Python starts from nothing. */
  readonly base?: Uint8Array
}

const RUNTIME = '/signalbox'
const DRIVER = {
  seal: 'signalbox_driver.sandbox',
  wake: 'signalbox_driver.sandbox',
  facts: 'signalbox_driver.body_facts',
  load: 'signalbox_driver.batch',
  evaluate: 'signalbox_driver.batch',
  test: 'signalbox_driver.batch',
} as const
type DriverCall = keyof typeof DRIVER

/** Restores or starts the trusted base, locks it, and only then lets anything of the author's in. */
export async function bootPython(options: BootOptions): Promise<LockedPython> {
  const { mark, module, base } = options
  const deadline = new Deadline(mark)
  const { loaded: pyodide, seam } = await withSeam({ deadline, module }, () =>
    startPyodide(base ? { _loadSnapshot: base } : {}),
  )
  installRuntime(pyodide)
  if (!base) pyodide.runPython('import signalbox_driver.prelude')
  const api = (pyodide as unknown as { _module: CApi })._module
  const addresses = driverAddresses(pyodide)
  deadline.watch(seam.memory, pyodide.runPython('import signalbox_driver.marks as m; m.address()') as number)
  // Makes the interpreter poll; what it finds there is the deadline's to say.
  pyodide.setInterruptBuffer(new Uint8Array(1))
  seam.lock()
  return lockedPython(api, seam, addresses, deadline, base?.length ?? 0)
}

/** The trusted base: the runtime, the driver and common modules, and nothing of any author. */
export async function makeBase(): Promise<Uint8Array> {
  // Through the same seam as every boot: what it changes is part of the interpreter's function table.
  const { loaded: pyodide } = await withSeam({}, () => startPyodide({ _makeSnapshot: true }))
  installRuntime(pyodide)
  pyodide.runPython('import signalbox_driver.prelude, gc; gc.collect()')
  return pyodide.makeMemorySnapshot()
}

/** What the interpreter would import of the host; for the test that knows every name. */
export async function importedNames(): Promise<readonly string[]> {
  const { seam } = await withSeam({}, () => startPyodide({}))
  return seam.names
}

/** Nothing of this machine goes in: `_` would name a path of it, and so would the script that is running. */
async function startPyodide(snapshot: {
  _makeSnapshot?: true
  _loadSnapshot?: Uint8Array
}): Promise<PyodideInterface> {
  const { argv } = process
  process.argv = [argv[0]!, 'python']
  try {
    const pyodide = await loadPyodide({
      ...snapshot,
      env: { PYTHONHASHSEED: '0', TZ: 'UTC', HOME: '/home', LANG: 'C.UTF-8', _: '' },
      jsglobals: Object.freeze(Object.create(null)) as object,
      stdin: () => null,
    })
    // The loader's own streams keep what has no line break, without limit; so does its terminal, which also reads.
    const drop = { write: ({ length }: Uint8Array) => length }
    pyodide.setStdout(drop)
    pyodide.setStderr(drop)
    for (const terminal of ['/dev/tty', '/dev/tty1']) pyodide.FS.unlink(terminal)
    return pyodide
  } finally {
    process.argv = argv
  }
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
  api: CApi,
  { memory }: Seam,
  addresses: Record<DriverCall, number>,
  deadline: Deadline,
  baseBytes: number,
): LockedPython {
  const call = (name: DriverCall, text: string) => {
    try {
      return callText(api, memory, addresses[name], text)
    } catch (error) {
      deadline.ended()
      throw error
    }
  }
  return {
    limit: (timeMs) => deadline.limit(timeMs),
    facts: (text) => call('facts', text),
    load: (text) => {
      call('seal', '')
      return call('load', text)
    },
    evaluate: (text) => call('evaluate', text),
    test: (text) => call('test', text),
    heap: () => withoutTrailingZeros(new Uint8Array(memory.buffer)).slice(),
    adopt: (heap) => {
      const whole = new Uint8Array(memory.buffer)
      whole.set(heap)
      // Where the image ends before the base does, this heap still holds its own.
      if (heap.length < baseBytes) whole.fill(0, heap.length, baseBytes)
      call('wake', crypto.randomUUID())
    },
  }
}

/** The interpreter's memory is larger than what it uses. */
function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  const words = new BigUint64Array(bytes.buffer)
  let end = words.length
  while (end > 0 && words[end - 1] === 0n) end--
  return bytes.subarray(0, end * words.BYTES_PER_ELEMENT)
}

/** Copies of the files, so that the interpreter holds no way to the host's disk. Stand-ins come last on the path. */
function installRuntime(pyodide: PyodideInterface): void {
  for (const { path, text } of readPythonFiles()) {
    const target = `${RUNTIME}/${path}`
    pyodide.FS.mkdirTree(target.slice(0, target.lastIndexOf('/')))
    pyodide.FS.writeFile(target, text)
  }
  const path = `import sys; "${RUNTIME}" in sys.path or sys.path.insert(0, "${RUNTIME}")`
  pyodide.runPython(`${path}; "${RUNTIME}/stand_ins" in sys.path or sys.path.append("${RUNTIME}/stand_ins")`)
}
