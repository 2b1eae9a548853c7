/** Packages inside the sandbox: what bodies can import, and what wins on a clash. */
import { afterEach, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/evaluation.ts'
import { silentLog } from '../../src/model/ports.ts'
import { readPackages } from '../../src/packages/read.ts'
import { type Files, folderWith } from '../packages/_wheels.ts'
import { type EngineProject, engineProject, helper, IMAGES, rule } from '../support/engine-project.ts'

let engine: Engine | undefined
afterEach(async () => {
  await engine?.close()
})

async function start(project: EngineProject, ...folders: readonly Files[]): Promise<Engine> {
  await engine?.close()
  engine = await createEngine({
    project: engineProject(project),
    packages: readPackages(folders.map(folderWith)),
    purpose: 'test',
    workers: 1,
    imageCache: IMAGES,
    log: silentLog,
  })
  return engine
}

/** What title() of the rule says. */
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

describe('packages', () => {
  it('are imported with all that lies in them, from sources and from an image', async () => {
    const project = { detections: [titled(READS_EVERYTHING)], settings: { limits: { timeMs: 20_000 } } }
    const expected = { output: 'inner part late from a file from a file from a file 1.5' }
    expect(await title(await start(project, PACKAGE))).toEqual(expected)
    expect(await title(await start(project, PACKAGE))).toEqual(expected)
  })

  it('that changed are imported anew', async () => {
    const project = { detections: [titled('import pack\ndef title(event):\n    return pack.VALUE')] }
    expect(await title(await start(project, { 'pack.py': 'VALUE = "old"' }))).toEqual({ output: 'old' })
    expect(await title(await start(project, { 'pack.py': 'VALUE = "new"' }))).toEqual({ output: 'new' })
  })

  it.each([
    ['the standard library over a package', {}, { 'json.py': 'NAME = 1' }, 'json', '/lib/'],
    ['the runtime over a package', {}, { 'panther_core.py': '' }, 'panther_core', '/signalbox/'],
    [
      'a package over a helper',
      { helpers: [helper('both', '')] },
      { 'both.py': '' },
      'both',
      '/packages/0/both.py',
    ],
    ['a package over a stand-in', {}, { 'requests.py': '' }, 'requests', '/packages/0/requests.py'],
    [
      'a helper over a stand-in',
      { helpers: [helper('requests', '')] },
      {},
      'requests',
      'global_helpers/requests.py',
    ],
    ['a stand-in where there is nothing else', {}, {}, 'requests', '/signalbox/stand_ins/'],
  ])('on a clash: %s', async (_, project, files, name, place) => {
    const source = `import ${name}\ndef title(event):\n    return ${name}.__file__`
    const started = await start({ ...project, detections: [titled(source)] }, files)
    expect(JSON.stringify(await title(started))).toContain(place)
  })

  it('of an earlier path win', async () => {
    const project = { detections: [titled('import pack\ndef title(event):\n    return pack.VALUE')] }
    const started = await start(project, { 'pack.py': 'VALUE = "first"' }, { 'pack.py': 'VALUE = "second"' })
    expect(await title(started)).toEqual({ output: 'first' })
  })

  it('can’t be changed by a detection', async () => {
    const source = 'def title(event):\n    import pack\n    open(pack.__file__, "r+").write("x")'
    const started = await start({ detections: [titled(source)] }, { 'pack.py': '' })
    expect(await title(started)).toMatchObject({
      error: { message: expect.stringContaining('tried to write a file') },
    })
  })

  it('run under the lock and the limits like any body: one that raises or hangs is its importer’s fault', async () => {
    const started = await start(
      {
        settings: { limits: { timeMs: 100 } },
        detections: [
          rule('Shell', 'import shell\ndef rule(event): return True'),
          rule('Hangs', 'import hangs\ndef rule(event): return True'),
          rule('Fine', 'import fine\ndef rule(event): return True'),
        ],
      },
      {
        'shell.py': 'import os\nos.system("true")\n',
        'hangs.py': 'while True: pass\n',
        'fine.py': '',
        'sitecustomize.py': 'raise SystemExit',
      },
    )
    expect(started.problems.map(({ id, error }) => [id, error.type])).toEqual([
      ['Shell', 'SandboxError'],
      ['Hangs', 'TimeLimitExceeded'],
    ])
  })
})
