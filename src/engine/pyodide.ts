/** Boots Python: the only file that loads Pyodide. Text in, text out; no object ever crosses. */
import { loadPyodide, type PyodideInterface } from 'pyodide'
import { withSeam } from './import-seam.ts'
import { budgetMs, MARK, MARK_CELLS, readMark } from './protocol.ts'
import { readPythonFiles } from './python-files.ts'

/** The driver's three calls; see batch.py for the texts. */
export interface Python {
  load(text: string): string
  evaluate(text: string): string
  test(text: string): string
}

const RUNTIME = '/signalbox'
const SIGINT = 2
/** After an interrupt the next one waits: the handler itself must get to run. */
const INTERRUPT_AGAIN_MS = 20

export async function bootPython(mark: Int32Array, timeMs: number): Promise<Python> {
  let deadline = Number.POSITIVE_INFINITY
  let readCells: (() => Int32Array) | undefined
  const onMark = () => {
    const cells = readCells?.()
    if (cells === undefined) return
    const isNewBudget = cells[MARK.serial] !== mark[MARK.serial]
    publish(cells, mark)
    if (isNewBudget) deadline = performance.now() + budgetMs(readMark(mark), timeMs)
  }
  const { loaded: pyodide, memory } = await withSeam(onMark, () =>
    loadPyodide({
      // `_` would name a path of this machine.
      env: { PYTHONHASHSEED: '0', TZ: 'UTC', HOME: '/home', _: '' },
      stdin: () => null,
      stdout: () => {},
      stderr: () => {},
    }),
  )
  installRuntime(pyodide)
  const driver = pyodide.pyimport('signalbox_driver.batch') as Python
  const address = pyodide.runPython('import signalbox_driver.marks as m; m.address()') as number
  let view = new Int32Array(memory.buffer, address, MARK_CELLS)
  readCells = () => {
    // Memory that grew is another buffer.
    if (view.buffer !== memory.buffer) view = new Int32Array(memory.buffer, address, MARK_CELLS)
    return view
  }
  pyodide.setInterruptBuffer(
    interruptAt(
      () => deadline,
      (later) => {
        deadline = later
      },
    ),
  )
  return driver
}

/** The serial last: a reader that sees it sees the rest. */
function publish(cells: Int32Array, mark: Int32Array): void {
  mark[MARK.body] = cells[MARK.body]!
  mark[MARK.item] = cells[MARK.item]!
  mark[MARK.function] = cells[MARK.function]!
  Atomics.store(mark, MARK.serial, cells[MARK.serial]!)
}

/** The interpreter polls index 0 while it runs bytecode, so the deadline needs no second thread. */
function interruptAt(deadline: () => number, postpone: (deadline: number) => void): Uint8Array {
  const buffer = {
    get 0() {
      const now = performance.now()
      if (now <= deadline()) return 0
      postpone(now + INTERRUPT_AGAIN_MS)
      return SIGINT
    },
    // Python clears the cell after each look.
    set 0(_) {},
  }
  return buffer as unknown as Uint8Array
}

/** Copies of the files, so that the interpreter holds no way to the host's disk. Stand-ins come last on the path. */
function installRuntime(pyodide: PyodideInterface): void {
  for (const { path, text } of readPythonFiles()) {
    const target = `${RUNTIME}/${path}`
    pyodide.FS.mkdirTree(target.slice(0, target.lastIndexOf('/')))
    pyodide.FS.writeFile(target, text)
  }
  pyodide.runPython(`import sys; sys.path.insert(0, "${RUNTIME}"); sys.path.append("${RUNTIME}/stand_ins")`)
}
