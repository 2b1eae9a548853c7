import { describe, expect, it } from 'vitest'
import type { BodyFacts, ProjectFacts } from '../../src/model/facts.ts'
import { touchedBy } from '../../src/testing/touched.ts'
import { dataModel, helper } from '../support/engine-project.ts'
import { detection, project as projectOf } from '../support/model.ts'

const rule = (id: string, over = {}) =>
  detection({
    id,
    place: { file: `rules/${id}.yml`, line: 1, column: 1 },
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
      rule('Alone'),
      rule('Derived', { body: null, spec: { BaseDetection: 'Alone' } }),
    ],
    null,
  ),
  helpers: [helper('base', ''), helper('middle', '')],
  dataModels: [dataModel({ id: 'Model', source: '' })],
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

const told = (...paths: string[]) => {
  const { detections, onlyDetections } = touchedBy(project, facts, paths)
  return { ids: [...detections].sort(), onlyDetections }
}

describe('a change of', () => {
  it.each<[string, string[], string[], boolean]>([
    ['a spec', ['rules/Direct.yml'], ['Direct'], true],
    ['a body', ['rules/Far.py'], ['Far'], true],
    ['expectations', ['rules/Far.expect.yml'], ['Far'], true],
    ['a base, and what derives from it', ['rules/Alone.py'], ['Alone', 'Derived'], true],
    [
      'a helper, through helpers and data models',
      [helper('base', '').body.path],
      ['Direct', 'Far', 'Modelled'],
      false,
    ],
    ['a helper that fewer import', [helper('middle', '').body.path], ['Far', 'Modelled'], false],
    ['a data model', ['data_models/Model.yml'], ['Modelled'], false],
    ['the registry', ['destinations.yaml'], ['Alone', 'Derived', 'Direct', 'Far', 'Modelled'], false],
    ['a file that nobody knows yet', ['rules/New.yml'], [], false],
    ['a body and a helper', ['rules/Alone.py', 'x.py'], ['Alone', 'Derived'], false],
  ])('%s', (_name, paths, ids, onlyDetections) => {
    expect(told(...paths)).toEqual({ ids, onlyDetections })
  })
})
