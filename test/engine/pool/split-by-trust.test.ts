/** What each trust group loads, and how their results become one. */
import { describe, expect, it } from 'vitest'
import { joinOutcomes, type Outcome, splitByTrust } from '../../../src/engine/pool/split-by-trust.ts'
import { dataModel, engineProject, helper, rule } from '../../support/engine-project.ts'
import { identity } from '../../support/model.ts'

const ids = (list: Iterable<{ readonly id: string }>) => [...list].map(({ id }) => id)

describe('[SEC-6.2] [SEC-6.3] the split', () => {
  const trust = [
    { group: 'vendor', match: { ids: ['v_*'] } },
    { group: 'empty', match: { ids: ['nothing'] } },
  ]
  const project = engineProject({
    detections: [rule('v_rule', ''), rule('own', '')],
    helpers: [helper('common', ''), helper('v_helper', '')],
    dataModels: [dataModel({ id: 'common_model' }), dataModel({ id: 'v_model' })],
    settings: { trust },
  })

  it('every group can import the helpers of the default group, and never the other way', () => {
    const split = splitByTrust(project).map(({ name, content }) => [
      name,
      ids(content.detections.values()),
      ids(content.helpers),
      ids(content.dataModels),
    ])
    expect(split).toEqual([
      ['default', ['own'], ['common'], ['common_model']],
      ['vendor', ['v_rule'], ['v_helper', 'common'], ['v_model', 'common_model']],
    ])
  })

  it('a project without trust rules is one group', () => {
    expect(splitByTrust(engineProject({ detections: [] })).map(({ name }) => name)).toEqual(['default'])
  })
})

describe('[SEC-6.2] [SEC-6.3] the outcome of an event', () => {
  const order = new Map(['a', 'b', 'c'].map((id, index) => [id, index]))
  const evaluated = (...found: string[]): Outcome => ({
    status: 'evaluated',
    at: 0,
    ownRowId: null,
    findings: found.map((detection) => ({ from: 'detection', detection, event: identity(), functions: {} })),
  })
  const rejected: Outcome = { status: 'rejected', reason: 'crashed the evaluator' }
  const joined = (...parts: Outcome[]) =>
    joinOutcomes(
      parts.map((outcome, at) => ({ group: `g${at}`, outcome })),
      order,
    )
  const found = (outcome: Outcome) =>
    outcome.status === 'evaluated' ? outcome.findings.map(({ detection }) => detection) : outcome.reason

  it('the outcome of an event has the findings of all groups, in the order of the project', () => {
    expect(found(joined(evaluated('c', 'a'), evaluated('b')))).toEqual(['a', 'b', 'c'])
  })

  it('the outcome of an event is kept although one group failed, and names the failure', () => {
    const outcome = joined(rejected, evaluated('b'))
    expect(found(outcome)).toEqual(['b'])
    expect(outcome).toMatchObject({ missed: 'trust group g0: crashed the evaluator' })
  })

  it('an event is rejected if all groups reject it', () => {
    expect(joined(rejected, rejected)).toEqual(rejected)
  })
})
