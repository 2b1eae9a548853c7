/** A worker thread with nothing but Pyodide, our Python files and native.py; answers each text with a text. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort } from 'node:worker_threads'
import { loadPyodide } from 'pyodide'
import { readPythonFiles } from '../src/engine/runtime/python-files.ts'

/** Where the runtime's files lie inside. */
export const RUNTIME = '/signalbox'

interface Driver {
  load(text: string): string
  run(text: string): string
}

if (!isMainThread && parentPort !== null) await answer(parentPort)

async function answer(port: NonNullable<typeof parentPort>): Promise<void> {
  const driver = await openDriver()
  let loaded = false
  port.on('message', (text: string) => {
    port.postMessage(loaded ? driver.run(text) : driver.load(text))
    loaded = true
  })
}

async function openDriver(): Promise<Driver> {
  const pyodide = await loadPyodide({ env: { PYTHONHASHSEED: '0', HOME: '/home' }, stdout: () => {} })
  const native = { path: 'native.py', text: readFileSync(join(import.meta.dirname, 'native.py'), 'utf8') }
  for (const { path, text } of [...readPythonFiles(), native]) {
    const target = `${RUNTIME}/${path}`
    pyodide.FS.mkdirTree(target.slice(0, target.lastIndexOf('/')))
    pyodide.FS.writeFile(target, text)
  }
  pyodide.runPython(`import sys; sys.path.insert(0, "${RUNTIME}")`)
  return pyodide.pyimport('native') as Driver
}
