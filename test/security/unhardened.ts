/**
 * The control, a process of its own: the same driver and the same detections in Pyodide as it comes, without lock,
 * seal or memory of its own. Reads `[{name, source}]` from a file, prints one JSON line per attempt.
 */
import { readFileSync } from 'node:fs'
import { loadPyodide, type PyodideInterface } from 'pyodide'
import { readPythonFiles } from '../../src/engine/python-files.ts'

const bodies = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as { name: string; source: string }[]
/** What the driver takes besides the bodies: see `signalbox_driver/batch.py`. */
const LOAD = {
  codes: [null],
  excluded: [],
  hostCache: false,
  packages: { roots: 0 },
  timeMs: 1000,
  loadMs: 1000,
  outputBytes: 1000,
}
const EVENT = {
  work: [[0, [0]]],
  groups: [[0]],
  singly: [],
  skips: [],
  items: [0],
  fields: [{}],
  events: [{}],
}
// An attempt may throw later than it was made.
process.on('uncaughtException', () => {})
let python = await start()
for (const { name, source } of bodies) {
  let got: string
  try {
    const body = { kind: 'detection', type: 'rule', id: name, path: `rules/${name}.py`, source }
    call('load', { ...LOAD, bodies: [body] })
    got = call('evaluate', EVENT)
  } catch (error) {
    // It ended the interpreter, or broke the driver: the next one gets another.
    got = String(error)
    python = await start()
  }
  // What was only scheduled gets its turn.
  await new Promise((resolve) => setTimeout(resolve, 1))
  process.stdout.write(`${JSON.stringify({ name, got })}\n`)
}
await new Promise((resolve) => setTimeout(resolve, 300))
process.exit()

async function start(): Promise<PyodideInterface> {
  const pyodide = await loadPyodide({ env: process.env as Record<string, string> })
  for (const { path, text } of readPythonFiles()) {
    const target = `/runtime/${path}`
    pyodide.FS.mkdirTree(target.slice(0, target.lastIndexOf('/')))
    pyodide.FS.writeFile(target, text)
  }
  pyodide.runPython(
    'import sys; sys.path[:0] = ["/runtime"]; sys.path.append("/runtime/stand_ins"); import signalbox_driver.batch as driver',
  )
  return pyodide
}

function call(name: 'load' | 'evaluate', request: unknown): string {
  python.globals.set('request', JSON.stringify(request))
  return python.runPython(`driver.${name}(request)`) as string
}
