/** Compares what a body may change of a helper according to its text with what it changes when it runs. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWithPython, RUNTIME } from './python-answers.ts'

const HELPER = `
NAMES = ["a"]
WANTED = "a"

def is_wanted(name, also=()):
    return name in NAMES or name in also
`

const ASSIGNED = 'lambda name: name == "b"'
/** Each lets \`is_wanted("b")\` return true. The line is the one that the analysis names. */
const CHANGING: readonly (readonly [title: string, source: string, change: [string | null, string]])[] = [
  ['appends to the list of a helper', 'import names\nnames.NAMES.append("b")', ['names.py', 'body.py:2']],
  ['appends to an imported list', 'from names import NAMES\nNAMES.append("b")', ['names.py', 'body.py:1']],
  [
    'appends to an imported list by another name',
    'from names import NAMES as known\nmine = known\nmine.append("b")',
    ['names.py', 'body.py:1'],
  ],
  ['appends to a list of a star import', 'from names import *\nNAMES.append("b")', ['names.py', 'body.py:1']],
  ['assigns an element', 'import names\nnames.NAMES[0] = "b"', ['names.py', 'body.py:2']],
  ['adds in place', 'import names\nnames.NAMES += ["b"]', ['names.py', 'body.py:2']],
  [
    'passes the list to a function that changes it',
    'from names import NAMES\ndef add(some):\n    some.append("b")\nadd(NAMES)',
    ['names.py', 'body.py:1'],
  ],
  [
    'imports within a function',
    'def add():\n    from names import NAMES\n    NAMES.append("b")\nadd()',
    ['names.py', 'body.py:2'],
  ],
  ['assigns a function', `import names\nnames.is_wanted = ${ASSIGNED}`, ['names.py', 'body.py:2']],
  [
    'assigns by another name of the module',
    `import names\nother = names\nother.is_wanted = ${ASSIGNED}`,
    [null, 'body.py:2'],
  ],
  [
    'passes the module on',
    `import names\ndef change(module):\n    module.is_wanted = ${ASSIGNED}\nchange(names)`,
    [null, 'body.py:4'],
  ],
  ['assigns with setattr', `import names\nsetattr(names, "is_wanted", ${ASSIGNED})`, [null, 'body.py:2']],
  ['assigns in the dict', `import names\nnames.__dict__["is_wanted"] = ${ASSIGNED}`, [null, 'body.py:2']],
  [
    'finds the dict by a text',
    `import names\ngetattr(names, "__dict__")["is_wanted"] = ${ASSIGNED}`,
    [null, 'body.py:2'],
  ],
  [
    'finds the module among all',
    `import sys\nimport names\nsys.modules["names"].is_wanted = ${ASSIGNED}`,
    [null, 'body.py:3'],
  ],
  [
    'imports the module by a text',
    `from importlib import import_module\nimport_module("names").is_wanted = ${ASSIGNED}`,
    [null, 'body.py:1'],
  ],
  [
    'patches with a mock',
    `import names\nfrom unittest.mock import patch\npatch("names.is_wanted", ${ASSIGNED}).start()`,
    [null, 'body.py:2'],
  ],
  [
    'patches with a mock of an imported package',
    `import names\nimport unittest\nimport unittest.mock as mocks\nmocks.patch("names.is_wanted", ${ASSIGNED}).start()`,
    [null, 'body.py:3'],
  ],
  [
    'changes the globals of a function',
    'from names import is_wanted\nis_wanted.__globals__["NAMES"] = ["b"]',
    [null, 'body.py:2'],
  ],
  [
    'changes the defaults of a function',
    'from names import is_wanted\nis_wanted.__defaults__ = ("b",)',
    [null, 'body.py:2'],
  ],
  [
    'finds the module by another name of sys',
    'import sys as system\nsystem.modules["names"].NAMES.append("b")',
    [null, 'body.py:2'],
  ],
  [
    'finds sys in another module',
    'from logging import sys as system\nsystem.modules["names"].NAMES.append("b")',
    [null, 'body.py:2'],
  ],
  [
    'finds the modules by a text',
    'import sys\ngetattr(sys, "modules")["names"].NAMES.append("b")',
    [null, 'body.py:2'],
  ],
  [
    'patches with a mock by another name of the package',
    `import unittest as tests\nfrom unittest.mock import MagicMock\ntests.mock.patch("names.is_wanted", ${ASSIGNED}).start()`,
    [null, 'body.py:3'],
  ],
  [
    'finds the globals of a function by a dotted text',
    'import names\nfrom operator import attrgetter\nattrgetter("is_wanted.__globals__")(names)["NAMES"] = ["b"]',
    [null, 'body.py:3'],
  ],
  [
    'lets a timer run a text',
    'import timeit\ntimeit.timeit("names.NAMES.append(\'b\')", "import names", number=1)',
    [null, 'body.py:1'],
  ],
  [
    'lets a profiler run a text',
    'from cProfile import run\nimport io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()):\n    run("import names; names.NAMES.append(\'b\')")',
    [null, 'body.py:1'],
  ],
  [
    'lets a pickle call a function',
    'import pickle\npickle.loads(b"cbuiltins\\nexec\\n(Vimport names; names.NAMES.append(\'b\')\\ntR.")',
    [null, 'body.py:1'],
  ],
  ['runs a text', 'import names\nexec("names.NAMES.append(\'b\')")', [null, 'body.py:2']],
]

/** These change nothing, and their texts show it. */
const READING: readonly (readonly [title: string, source: string])[] = [
  ['has a text that is the name of a function', 'VERB = "exec"\nfound = VERB == "eval"'],
  ['asks a list', 'from names import NAMES\nfound = "a" in NAMES and len(NAMES) == 1'],
  [
    'asks a list of the module',
    'import names\nfound = [each for each in names.NAMES if each == names.WANTED]',
  ],
  ['calls a function', 'import names\nfound = names.is_wanted("a")'],
  ['passes a text on', 'from names import WANTED\ndef keep(some):\n    return [some]\nkept = keep(WANTED)'],
  [
    'assigns attributes of objects of its own',
    'class Own:\n    def __init__(self):\n        self.name = "b"\ndef make():\n    own = Own()\n    own.name = "c"\n    return own\nmake()',
  ],
]

interface AnalyzedBody {
  readonly changed: boolean
  readonly changes: readonly [path: string | null, location: [file: string, line: number, column: number]][]
}

describeWithPython('changes of a helper', () => {
  const input = JSON.stringify({
    runtime: RUNTIME,
    helper: HELPER,
    bodies: [...CHANGING, ...READING].map(([, source]) => source),
  })
  const { stdout, stderr } = spawnSync('python3', ['-B', join(import.meta.dirname, 'python-changes.py')], {
    input,
    encoding: 'utf8',
  })
  const answers = stderr === '' ? (JSON.parse(stdout) as AnalyzedBody[]) : null

  it.each(CHANGING.map(([title, , change], at) => ({ title, change, at })))(
    'changes of a helper by a body that $title are found by the analysis',
    ({ change, at }) => {
      expect(stderr).toBe('')
      const { changed, changes } = answers![at]!
      const listed = changes.map(([path, [file, line]]) => [path, `${file}:${line}`])
      expect({ changed, listed }).toEqual({ changed: true, listed: expect.arrayContaining([change]) })
    },
  )

  it.each(READING.map(([title], at) => ({ title, at: at + CHANGING.length })))(
    'are not seen in the text of a body that $title',
    ({ at }) => {
      expect(answers?.[at]).toEqual({ changed: false, changes: [] })
    },
  )
})
