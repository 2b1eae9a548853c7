import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadProject } from '../../../src/config/load.ts'
import { BODY, load, projectWith, rule } from '../_project.ts'

const HELPER = (file: string) => `AnalysisType: global\nGlobalID: ${file}\nFilename: ${file}.py\n`

it('unit tests are the files named *_test.py or test_*.py beside helpers and data models, bodies excepted', async () => {
  const { unitTests } = await load({
    'global_helpers/names.yml': HELPER('names'),
    'global_helpers/names.py': '',
    'global_helpers/names_test.py': 'a',
    'global_helpers/test_names.py': 'b',
    'global_helpers/contest.py': '',
    'global_helpers/test_data.yml': HELPER('test_data'),
    'global_helpers/test_data.py': '',
    'data_models/a.yml':
      'AnalysisType: datamodel\nDataModelID: M\nEnabled: true\nLogTypes: [T.L]\nMappings: [{ Name: a, Path: b }]\n',
    'data_models/models_test.py': 'c',
    'rules/a.yml': rule('A'),
    'rules/body.py': BODY,
    'rules/a_test.py': '',
  })
  expect(unitTests).toEqual([
    { path: 'data_models/models_test.py', source: 'c' },
    { path: 'global_helpers/names_test.py', source: 'a' },
    { path: 'global_helpers/test_names.py', source: 'b' },
  ])
})

it('links are not unit tests', async () => {
  const root = projectWith({
    'global_helpers/n.yml': HELPER('n'),
    'global_helpers/n.py': '',
    'secret.py': 'x',
  })
  symlinkSync(join(root, 'secret.py'), join(root, 'global_helpers/n_test.py'))
  expect((await loadProject({ root })).unitTests).toEqual([])
})

it('a unit test file that is not text is an error', async () => {
  const { unitTests, problems, helpers } = await load({
    'global_helpers/n.yml': HELPER('n'),
    'global_helpers/n.py': '',
    'global_helpers/n_test.py': new Uint8Array([0xff, 0xfe, 0x00]),
  })
  expect(unitTests).toEqual([])
  expect(helpers).toHaveLength(1)
  expect(problems).toMatchObject([{ severity: 'error', file: 'global_helpers/n_test.py' }])
})
