/** If only Python files were edited, only those are read again. The loader handles every other change. */
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadProject } from '../../src/config/load.ts'
import { patchBodies } from '../../src/config/patch-bodies.ts'
import { BODY, projectWith, rule, write } from './_project.ts'

const HELPER = 'AnalysisType: global\nGlobalID: tools\nFilename: tools.py\n'

const files = {
  'rules/a.yml': rule('A'),
  'rules/b.yml': rule('B'),
  'rules/body.py': BODY,
  'global_helpers/tools.yml': HELPER,
  'global_helpers/tools.py': 'ONE = 1\n',
  'global_helpers/tools_test.py': 'import tools\n',
}

async function loaded() {
  const root = projectWith(files)
  return { root, project: await loadProject({ root }) }
}

it('a patched project has the new bodies of the edited files, and everything else unchanged', async () => {
  const { root, project } = await loaded()
  writeFileSync(join(root, 'rules/body.py'), `${BODY}# newer\n`)
  writeFileSync(join(root, 'global_helpers/tools.py'), 'ONE = 2\n')
  writeFileSync(join(root, 'global_helpers/tools_test.py'), 'import tools # newer\n')
  const paths = ['global_helpers/tools.py', 'global_helpers/tools_test.py', 'rules/body.py']
  const newer = patchBodies(project, paths)!
  expect([...newer.detections.values()].map(({ body }) => body?.source)).toEqual([
    `${BODY}# newer\n`,
    `${BODY}# newer\n`,
  ])
  expect(newer.helpers[0]?.body.source).toBe('ONE = 2\n')
  expect(newer.unitTests[0]?.source).toBe('import tools # newer\n')
  expect(newer).toMatchObject({ problems: project.problems, settings: project.settings })
})

it.each<[string, string, (root: string) => void]>([
  ['a spec', 'rules/a.yml', () => {}],
  ['a file that is no body', 'rules/other.py', (root) => write(join(root, 'rules/other.py'), BODY)],
  ['a body that is gone', 'rules/body.py', (root) => rmSync(join(root, 'rules/body.py'))],
  [
    'a body that became a link out of the project',
    'rules/body.py',
    (root) => {
      rmSync(join(root, 'rules/body.py'))
      symlinkSync(import.meta.filename, join(root, 'rules/body.py'))
    },
  ],
  [
    'a body that is no text any more',
    'rules/body.py',
    (root) => writeFileSync(join(root, 'rules/body.py'), Buffer.from([0xff])),
  ],
])('a change that only the loader can apply is not patched: %s', async (_, path, change) => {
  const { root, project } = await loaded()
  change(root)
  expect(patchBodies(project, [path])).toBeNull()
})
