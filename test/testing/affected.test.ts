import { describe, expect, it } from 'vitest'
import type { BodyFacts, ProjectFacts } from '../../src/model/events/facts.ts'
import { affectedBy } from '../../src/testing/affected.ts'
import { dataModel, helper } from '../support/engine-project.ts'
import { detection, project as projectOf } from '../support/model.ts'

const rule = (id: string, over = {}) =>
  detection({
    id,
    location: { file: `rules/${id}.yml`, line: 1, column: 1 },
    body: { path: `rules/${id}.py`, source: '' },
    logTypes: [],
    spec: {},
    ...over,
  })
const importing = (...modules: string[]): BodyFacts => ({
  functions: [],
  imports: modules.map((module) => ({ module, name: null, line: 1 })),
})
const project = {
  ...projectOf(
    [
      rule('Direct'),
      rule('Far'),
      rule('Modelled', { logTypes: ['Test.Log'] }),
      rule('Tested', { tests: [{ entry: '{"p_log_type":"Test.Log"}' }] }),
      rule('Alone'),
      rule('Derived', { body: null, spec: { BaseDetection: 'Alone' } }),
    ],
    'absent',
  ),
  helpers: [helper('base', ''), helper('middle', '')],
  dataModels: [dataModel({ id: 'Model', source: '' })],
  unitTests: [
    { path: 'helpers/middle_test.py', source: 'import middle' },
    { path: 'helpers/alone_test.py', source: 'import unittest' },
  ],
  configuration: ['signalbox.yaml', 'destinations.yaml'],
}
const facts = {
  detections: new Map([
    ['Direct', importing('base')],
    ['Far', importing('middle')],
  ]),
  helpers: new Map([
    ['base', importing('json')],
    ['middle', importing('base')],
  ]),
  dataModels: new Map([['Model', importing('middle')]]),
} as unknown as ProjectFacts

const affectedIds = (...paths: string[]) => {
  const touched = affectedBy(project, facts, paths)
  return Object.fromEntries(
    Object.entries<ReadonlySet<string>>({ ...touched }).flatMap(([name, ids]) =>
      ids.size > 0 ? [[name, [...ids].sort()]] : [],
    ),
  )
}

describe('a change of', () => {
  it.each<[string, string[], Record<string, string[]>]>([
    ['a spec', ['rules/Direct.yml'], { detections: ['Direct'] }],
    ['a body', ['rules/Far.py'], { detections: ['Far'] }],
    ['expectations', ['rules/Far.expect.yml'], { detections: ['Far'] }],
    ['a base, and what derives from it', ['rules/Alone.py'], { detections: ['Alone', 'Derived'] }],
    [
      'a helper, through helpers and data models',
      [helper('base', '').body.path],
      {
        detections: ['Direct', 'Far', 'Modelled', 'Tested'],
        dependants: ['Direct', 'Far', 'Modelled', 'Tested'],
        helpers: ['base', 'middle'],
        dataModels: ['Model'],
        unitTests: ['helpers/middle_test.py'],
      },
    ],
    [
      'a data model, through log types and cases',
      ['data_models/Model.yml'],
      {
        detections: ['Modelled', 'Tested'],
        dependants: ['Modelled', 'Tested'],
        dataModels: ['Model'],
      },
    ],
    ['a file of unit tests', ['helpers/alone_test.py'], { unitTests: ['helpers/alone_test.py'] }],
    [
      'the registry, which decides every verdict and no Python,',
      ['destinations.yaml'],
      { detections: ['Alone', 'Derived', 'Direct', 'Far', 'Modelled', 'Tested'] },
    ],
    ['a new file', ['rules/New.yml'], {}],
    ['a body and an unrelated file', ['rules/Alone.py', 'x.py'], { detections: ['Alone', 'Derived'] }],
  ])('a change of %s affects the expected detections', (_name, paths, expected) => {
    expect(affectedIds(...paths)).toEqual(expected)
  })
})
