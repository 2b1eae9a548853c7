/**
 * The control, a process of its own: the same driver and the same detections in Pyodide as it comes, without lock,
 * seal or memory of its own. Reads `[{name, source}]` from a file, prints one JSON line per attempt.
 */
import { readFileSync } from 'node:fs'
import { loadPyodide, type PyodideInterface } from 'pyodide'
import { bodiesOf } from '../../src/engine/protocol/bodies.ts'
import { evaluationRequest, loadRequest, withDetails } from '../../src/engine/protocol/driver-request.ts'
import { readPythonFiles } from '../../src/engine/runtime/python-files.ts'
import { NO_PACKAGES } from '../../src/model/project/packages.ts'
import { engineProject, rule } from '../support/engine-project.ts'

const bodies = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as { name: string; source: string }[]
const LOAD = {
  excluded: [],
  limits: { timeMs: 1000, outputBytes: 1000 },
  packages: NO_PACKAGES,
  hostCache: false,
}
const EVENT = { item: 0, raw: '{}', fields: {}, candidates: [0] }
// An attempt may throw after its call has returned.
process.on('uncaughtException', () => {})
let python = await start()
for (const { name, source } of bodies) {
  let got: string
  try {
    const bodies = bodiesOf(engineProject({ detections: [rule(name, source)] }), 'test')
    call('load', withDetails(loadRequest({ ...LOAD, bodies }), { codes: [null], startDependent: null }))
    got = call('evaluate', evaluationRequest([EVENT], { skips: [], markEachItem: [] }))
  } catch (error) {
    // The attempt ended the interpreter or broke the driver, so the next one gets another interpreter.
    got = String(error)
    python = await start()
  }
  // Tasks that an attempt only scheduled run now.
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

function call(name: 'load' | 'evaluate', request: string): string {
  python.globals.set('request', request)
  return python.runPython(`driver.${name}(request)`) as string
}
