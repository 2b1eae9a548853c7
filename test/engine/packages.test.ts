/** Packages inside the sandbox: what bodies can import, and what wins on a clash. */
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { readPackages } from '../../src/packages/read.ts'
import { PYTHON_VERSION } from '../../src/packages/wheel.ts'
import { type Files, folderWith } from '../packages/_wheels.ts'
import { type EngineProject, engineProject, helper, rule, warmEngine } from '../support/engine-project.ts'

let engine: Engine | undefined
let clashes: Promise<Engine> | undefined
afterEach(async () => {
  await engine?.close()
})
afterAll(async () => {
  await (await clashes)?.close()
})

async function start(project: EngineProject, ...folders: readonly Files[]): Promise<Engine> {
  await engine?.close()
  engine = await startBeside(project, folders)
  return engine
}

function startBeside(project: EngineProject, folders: readonly Files[]): Promise<Engine> {
  return createEngine({
    project: engineProject(project),
    packages: readPackages(folders.map(folderWith)),
    purpose: 'test',
    workers: 1,
    prewarmed: warmEngine(),
    log: nullLog,
  })
}

/** Every name of the table below, imported by a rule of that name. */
function startClashes(): Promise<Engine> {
  const names = ['json', 'panther_core', 'both', 'requests', 'boto3', 'dateutil']
  const detections = names.map((name) =>
    rule(name, `import ${name}\ndef rule(event): return True\ndef title(event): return ${name}.__file__`),
  )
  const files = Object.fromEntries(names.slice(0, 4).map((name) => [`${name}.py`, '']))
  return startBeside({ helpers: [helper('both', ''), helper('boto3', '')], detections }, [files])
}

/** Returns the result of title() of the rule. */
async function title(engine: Engine, id = 'Rule'): Promise<unknown> {
  const [outcome] = await engine.test([{ detection: id, entry: '{}', mocks: '[]' }])
  return outcome!.functions.title
}

const titled = (source: string) => rule('Rule', `${source}\ndef rule(event):\n    return True\n`)

const PACKAGE: Files = {
  'pack/__init__.py': 'from pack.inner import VALUE\n',
  'pack/inner.py': 'VALUE = "inner"\n',
  'pack/data/words.txt': 'from a file',
  'pack/late.py': 'WORD = "late"\n',
  'pack-1.5.dist-info/METADATA': 'Metadata-Version: 2.1\nName: pack\nVersion: 1.5\n',
  'space/one/part.py': 'PART = "part"\n',
}

const READS_EVERYTHING = `
import importlib.metadata, importlib.resources, os, pkgutil
import pack
from space.one.part import PART
def title(event):
    from pack.late import WORD
    by_file = open(os.path.join(os.path.dirname(pack.__file__), "data/words.txt")).read()
    by_resource = importlib.resources.files("pack").joinpath("data/words.txt").read_text()
    by_loader = pkgutil.get_data("pack", "data/words.txt").decode()
    return " ".join([pack.VALUE, PART, WORD, by_file, by_resource, by_loader, importlib.metadata.version("pack")])`

describe('[SEC-5.1] packages', () => {
  it('packages are imported with all that lies in them, from sources and from a snapshot', async () => {
    const project = { detections: [titled(READS_EVERYTHING)] }
    const expected = { output: 'inner part late from a file from a file from a file 1.5' }
    expect(await title(await start(project, PACKAGE))).toEqual(expected)
    expect(await title(await start(project, PACKAGE))).toEqual(expected)
  })

  it('packages that changed are imported again', async () => {
    const project = { detections: [titled('import pack\ndef title(event):\n    return pack.VALUE')] }
    expect(await title(await start(project, { 'pack.py': 'VALUE = "old"' }))).toEqual({ output: 'old' })
    expect(await title(await start(project, { 'pack.py': 'VALUE = "new"' }))).toEqual({ output: 'new' })
  })

  it.each([
    ['the standard library over a package', 'json', '/lib/'],
    ['the runtime over a package', 'panther_core', '/signalbox/'],
    ['a package over a helper', 'both', '/packages/0/both.py'],
    ['a package over a stand-in', 'requests', '/packages/0/requests.py'],
    ['a helper over a stand-in', 'boto3', 'global_helpers/boto3.py'],
    ['a stand-in where there is nothing else', 'dateutil', '/signalbox/stand_ins/'],
  ])('a clash of names is won by %s', async (_, name, location) => {
    clashes ??= startClashes()
    expect(JSON.stringify(await title(await clashes, name))).toContain(location)
  })

  it('packages of an earlier path win', async () => {
    const project = { detections: [titled('import pack\ndef title(event):\n    return pack.VALUE')] }
    const started = await start(project, { 'pack.py': 'VALUE = "first"' }, { 'pack.py': 'VALUE = "second"' })
    expect(await title(started)).toEqual({ output: 'first' })
  })

  it('a package that hangs is a problem of the detection that imports it', async () => {
    const detections = [rule('Hangs', 'import hangs\ndef rule(event): return True')]
    const project = { settings: { limits: { timeMs: 100 } }, detections }
    const started = await start(project, { 'hangs.py': 'while True: pass\n' })
    expect(started.problems.map(({ id, error }) => [id, error.type])).toEqual([
      ['Hangs', 'TimeLimitExceeded'],
    ])
  })
})

describe('[SEC-5.1] in one project', () => {
  const FILES: Files = {
    'pack.py': '',
    'shell.py': 'import os\nos.system("true")\n',
    'fine.py': '',
    'sitecustomize.py': 'raise SystemExit',
    'fast/__init__.py': 'import fast.core',
  }
  const imports = (id: string, name: string) => rule(id, `import ${name}\ndef rule(event): return True`)
  const says = (id: string, source: string) => rule(id, `${source}\ndef rule(event): return True`)
  let together: Promise<Engine> | undefined
  /** The first test creates the folder of packages, and its end removes the folder. */
  function begin(): Promise<Engine> {
    const detections = [
      says('Version', 'import sys\ndef title(event):\n    return "%d.%d" % sys.version_info[:2]'),
      says('Writes', 'def title(event):\n    import pack\n    open(pack.__file__, "r+").write("x")'),
      imports('Shell', 'shell'),
      imports('Fine', 'fine'),
      imports('Compiled', 'fast'),
      ...['A', 'B', 'C', 'D'].map((id) => imports(id, 'absent')),
      imports('Through', 'leans'),
      imports('Other', 'yaml'),
      rule('Own fault', 'def rule(event:'),
    ]
    return startBeside({ helpers: [helper('leans', 'import absent')], detections }, [FILES])
  }
  const running = () => {
    together ??= begin()
    return together
  }
  afterAll(async () => {
    await (await together)?.close()
  })
  const problemOf = async (id: string) => (await running()).problems.find((problem) => problem.id === id)

  it('packages are chosen for the Python that runs', async () => {
    expect(await title(await running(), 'Version')).toEqual({ output: PYTHON_VERSION })
  })

  it('packages can’t be changed by a detection', async () => {
    expect(await title(await running(), 'Writes')).toMatchObject({
      error: { message: expect.stringContaining('tried to write a file') },
    })
  })

  it('packages run under the import lock, and a package that raises is a problem of its importer', async () => {
    expect((await problemOf('Shell'))?.error.type).toBe('SandboxError')
    expect(await problemOf('Fine')).toBeUndefined()
  })

  it('each body that imports a missing package gets a hint', async () => {
    const hints = Object.fromEntries((await running()).problems.map(({ id, hint }) => [id, hint]))
    expect(hints).toMatchObject({
      leans: 'if this is a package on PyPI: signalbox python add absent (pure Python only)',
      A: 'if this is a package on PyPI: signalbox python add absent (pure Python only)',
      Through: 'if this is a package on PyPI: signalbox python add absent (pure Python only)',
      Other: 'if this is a package on PyPI: signalbox python add PyYAML (pure Python only)',
    })
    expect(hints['Own fault']).toBeUndefined()
  })

  it('the hint for a missing module of an installed package says that it may be compiled', async () => {
    expect((await problemOf('Compiled'))?.hint).toBe('only packages of pure Python run here: is fast one?')
  })

  it('the project has no other problem', async () => {
    const ids = ['A', 'B', 'C', 'Compiled', 'D', 'Other', 'Own fault', 'Shell', 'Through', 'leans']
    expect((await running()).problems.map(({ id }) => id).toSorted()).toEqual(ids)
  })
})
