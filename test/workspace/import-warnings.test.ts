/** Bodies that import another module than their authors may expect. */
import { describe, expect, it } from 'vitest'
import { type BodyFacts, NO_FACTS, type ProjectFacts } from '../../src/model/events/facts.ts'
import { warnImports } from '../../src/workspace/import-warnings.ts'
import { engineProject, helper, rule } from '../support/engine-project.ts'

const importing = (module: string): BodyFacts => ({
  functions: [],
  imports: [{ module, name: null, line: 3 }],
})
const helperFacts = (module: string, isStandard = false) => ({ ...importing(module), isStandard })
const detectionFacts = (module: string) => ({ ...importing(module), returns: {}, followed: [] })
const project = engineProject({ helpers: [helper('when', '')], detections: [rule('A', ''), rule('B', '')] })

function warningTexts(facts: Partial<ProjectFacts>): string[] {
  const problems = warnImports(project, { ...NO_FACTS, ...facts })
  return problems.map(({ severity, file, line, message }) => `${severity} ${file}:${line} ${message}`)
}

describe('stand-ins', () => {
  it('are reported once, at the first body that imports one', () => {
    const facts = {
      helpers: new Map([['when', helperFacts('dateutil.parser')]]),
      detections: new Map([
        ['A', detectionFacts('dateutil')],
        ['B', detectionFacts('datetime')],
      ]),
    }
    expect(warningTexts(facts)).toEqual([
      'warning global_helpers/when.py:3 the bundled dateutil parses ISO 8601 only (imported in 2 files)',
    ])
  })

  it.each([
    ['no body imports it', { detections: new Map([['A', detectionFacts('json')]]) }],
    [
      'a package brings it',
      { packages: new Set(['dateutil']), detections: new Map([['A', detectionFacts('dateutil')]]) },
    ],
  ])('are not reported where %s', (_, facts) => {
    expect(warningTexts(facts)).toEqual([])
  })
})

describe('helpers', () => {
  it.each([
    ['the standard library', { helpers: new Map([['when', helperFacts('json', true)]]) }],
    ['a package', { packages: new Set(['when']), helpers: new Map([['when', helperFacts('json')]]) }],
  ])('are reported when a module of the same name from %s shadows them', (winner, facts) => {
    expect(warningTexts(facts)).toEqual([
      `warning global_helpers/when.yml:1 helper when is shadowed by the module of the same name from ${winner}`,
    ])
  })
})
