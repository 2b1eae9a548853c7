/** The Python side's own unittests, run in real Pyodide; each is one result here. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadPyodide, type PyodideInterface } from 'pyodide'
import { describe, expect, it } from 'vitest'

const RUNTIME = join(import.meta.dirname, '../../src/engine/python')
const TESTS = join(import.meta.dirname, 'python')

interface PythonTest {
  readonly name: string
  readonly failure: string | null
}

/** Copies the .py files, so that the interpreter holds no way to the host's disk. */
function copyPython(pyodide: PyodideInterface, from: string, to: string): void {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.py'),
  )
  for (const name of files) {
    const target = join(to, name)
    pyodide.FS.mkdirTree(dirname(target))
    pyodide.FS.writeFile(target, readFileSync(join(from, name)))
  }
}

const RUN = `
import json, sys, unittest

sys.path[:0] = ["/runtime"]
sys.path.append("/runtime/stand_ins")


class Recorder(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.failed = {}

    def addError(self, test, error):
        self._record(test, test, error)

    def addFailure(self, test, error):
        self._record(test, test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._record(test, subtest, error)

    def _record(self, test, part, error):
        text = f"{part}\\n{self._exc_info_to_string(error, test)}"
        self.failed.setdefault(test.id(), []).append(text)


def each(suite):
    for item in suite:
        yield from each(item) if isinstance(item, unittest.TestSuite) else [item]


suite = unittest.defaultTestLoader.discover("/tests", "*_test.py")
names = [test.id() for test in each(suite)]
recorder = Recorder()
suite.run(recorder)
names += [name for name in recorder.failed if name not in names]
json.dumps([{"name": name, "failure": "\\n".join(recorder.failed.get(name, [])) or None} for name in names])
`

async function runPythonTests(): Promise<PythonTest[]> {
  const pyodide = await loadPyodide({ env: { PYTHONHASHSEED: '0' } })
  copyPython(pyodide, RUNTIME, '/runtime')
  copyPython(pyodide, TESTS, '/tests')
  return JSON.parse(pyodide.runPython(RUN)) as PythonTest[]
}

// Collected before the tests are declared, so that each has its own line in the report.
const tests = await runPythonTests()

describe('the Python side in Pyodide', () => {
  it('every Python test file is found', () => {
    const files = readdirSync(TESTS).filter((name) => name.endsWith('_test.py'))
    const found = new Set(tests.map((test) => `${test.name.split('.')[0]}.py`))
    expect([...found].sort()).toEqual(files.sort())
    expect(files.length).toBeGreaterThan(0)
  })

  it.each(tests)('$name', ({ failure }) => {
    if (failure !== null) throw new Error(failure)
  })
})
