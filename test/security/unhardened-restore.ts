/** The control of snapshots.test.ts, a process of its own: Pyodide's own snapshot of an interpreter that ran the given code. */
import { loadPyodide } from 'pyodide'

const first = await loadPyodide({ _makeSnapshot: true })
// Only what is patched now counts: the shell is not yet within reach of what fires at once.
first.runPython(`import os, posix; system = posix.system; posix.system = lambda _: 0`)
first.runPython(process.argv[2]!)
first.runPython('posix.system = system; del system')
const snapshot = first.makeMemorySnapshot()
await loadPyodide({ _loadSnapshot: snapshot })
process.exit()
