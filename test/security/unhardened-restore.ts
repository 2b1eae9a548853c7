/** The control of snapshots.test.ts, a process of its own: Pyodide's own snapshot of an interpreter that ran the given code. */
import { loadPyodide } from 'pyodide'

const first = await loadPyodide({ _makeSnapshot: true })
// Only functions that are patched now count, because code that runs immediately cannot reach the shell yet.
first.runPython(`import os, posix; system = posix.system; posix.system = lambda _: 0`)
first.runPython(process.argv[2]!)
first.runPython('posix.system = system; del system')
const snapshot = first.makeMemorySnapshot()
await loadPyodide({ _loadSnapshot: snapshot })
process.exit()
