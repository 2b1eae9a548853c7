/** Bodies that import something else than their authors may think. */
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

function told(facts: Partial<ProjectFacts>): string[] {
  const problems = warnImports(project, { ...NO_FACTS, ...facts })
  return problems.map(({ severity, file, line, message }) => `${severity} ${file}:${line} ${message}`)
}

describe('stand-ins', () => {
  it('are told once, at the first body that imports one', () => {
    const facts = {
      helpers: new Map([['when', helperFacts('dateutil.parser')]]),
      detections: new Map([
        ['A', detectionFacts('dateutil')],
        ['B', detectionFacts('datetime')],
      ]),
    }
    expect(told(facts)).toEqual([
      'warning global_helpers/when.py:3 the bundled dateutil parses ISO 8601 only (imported in 2 files)',
    ])
  })

  it.each([
    ['nobody imports it', { detections: new Map([['A', detectionFacts('json')]]) }],
    [
      'a package brings it',
      { packages: new Set(['dateutil']), detections: new Map([['A', detectionFacts('dateutil')]]) },
    ],
  ])('are not told where %s', (_, facts) => {
    expect(told(facts)).toEqual([])
  })
})

describe('helpers', () => {
  it.each([
    ['the standard library has', { helpers: new Map([['when', helperFacts('json', true)]]) }],
    ['a package brings', { packages: new Set(['when']), helpers: new Map([['when', helperFacts('json')]]) }],
  ])('whose name is taken are told: %s a module', (winner, facts) => {
    expect(told(facts)).toEqual([
      `warning global_helpers/when.yml:1 the helper when is never imported: ${winner} a module of that name`,
    ])
  })
})
