/** Expectations, inline and in the side file. */
import { describe, expect, it } from 'vitest'
import { BODY, load, REGISTRY, rule } from './_project.ts'

const TESTS = `Tests:
  - Name: first case
    ExpectedResult: true
    ExpectedSeverity: critical
    Log: {}
  - Name: second
    ExpectedResult: false
    Log: {}
`

function loadWith(side: string | null, name = 'rules/a.expect.yml') {
  return load({
    'rules/a.yml': rule('A', TESTS),
    'rules/body.py': BODY,
    ...(side === null ? {} : { [name]: side }),
  })
}

describe('inline expectations', () => {
  it('inline expectations are kept as written, with a normalized severity', async () => {
    const every = `Tests:
  - Name: t
    ExpectedResult: true
    Log: {}
    ExpectedSeverity: High
    ExpectedDestinations: []
    ExpectedRoute: fallback
    ExpectedTitle: a title
    ExpectedDedup: ""
    ExpectedDescription: d
    ExpectedReference: r
    ExpectedRunbook: b
    ExpectedAlertContext: { a: [1, { b: null }] }
    ExpectedDelivery: { soc: at 2026-12-07T08:00:00+01:00, pager: now }
    ExpectedEscalation: [{ after: 15m, to: [pager] }]
`
    const project = await load({ 'rules/a.yml': rule('A', every), 'rules/body.py': BODY })
    expect(project.problems).toEqual([])
    expect(project.detections.get('A')!.tests[0]!.expectations).toEqual({
      ExpectedSeverity: 'HIGH',
      ExpectedDestinations: [],
      ExpectedRoute: 'fallback',
      ExpectedTitle: 'a title',
      ExpectedDedup: '',
      ExpectedDescription: 'd',
      ExpectedReference: 'r',
      ExpectedRunbook: 'b',
      ExpectedAlertContext: { a: [1, { b: null }] },
      ExpectedDelivery: { soc: 'at 2026-12-07T08:00:00+01:00', pager: 'now' },
      ExpectedEscalation: [{ afterMs: 900_000, to: ['pager'] }],
    })
  })

  it('inline expectations warn about unknown destinations', async () => {
    const tests = 'Tests: [{ Name: t, ExpectedResult: true, Log: {}, ExpectedDestinations: [soc-slak] }]\n'
    const project = await load({
      'rules/a.yml': rule('A', tests),
      'rules/body.py': BODY,
      'destinations.yaml': REGISTRY,
    })
    expect(project.problems).toMatchObject([{ severity: 'warning', code: 'unknown-destination' }])
    expect(project.detections.size).toBe(1)
  })
})

describe('a side file', () => {
  it('an expectations file adds expectations by the name of the test', async () => {
    const project = await loadWith('first case: { ExpectedTitle: t }\nsecond: { ExpectedDestinations: [] }\n')
    expect(project.problems).toEqual([])
    expect(project.detections.get('A')!.tests.map(({ expectations }) => expectations)).toEqual([
      { ExpectedSeverity: 'CRITICAL', ExpectedTitle: 't' },
      { ExpectedDestinations: [] },
    ])
  })

  it('a derived rule can have an expectations file', async () => {
    const project = await load({
      'rules/a.yml': rule('A', TESTS),
      'rules/body.py': BODY,
      'rules/d.yml': 'AnalysisType: rule\nRuleID: D\nBaseDetection: A\n',
      'rules/d.expect.yml': 'second: { ExpectedTitle: derived }\n',
    })
    expect(project.problems).toEqual([])
    expect(project.detections.get('D')!.tests[1]!.expectations).toEqual({ ExpectedTitle: 'derived' })
    expect(project.detections.get('A')!.tests[1]!.expectations).toEqual({})
  })

  it.each([
    ['an unknown test', 'frist case: { ExpectedTitle: t }\n', 'unknown-test', 1, 1],
    ['an unknown key', 'second: { ExpectedTitel: t }\n', 'unknown-key', 1, 11],
    ['a bad severity', 'second: { ExpectedSeverity: worst }\n', 'bad-value', 1, 29],
    ['a bad level', 'second: { ExpectedRoute: unresolved }\n', 'bad-value', 1, 26],
    ['an expectation given twice', 'first case: { ExpectedSeverity: Low }\n', 'duplicate-expectation', 1, 15],
    ['no mapping for a test', 'second: Low\n', 'wrong-type', 1, 9],
    ['a list', '- second\n', 'wrong-type', 1, 1],
  ])(
    'an expectations file with %s is an error, and the detection is still loaded',
    async (_, side, code, line, column) => {
      const project = await loadWith(side)
      expect(project.problems).toMatchObject([
        { severity: 'error', file: 'rules/a.expect.yml', code, line, column },
      ])
      expect(project.detections.get('A')!.tests[1]!.expectations).toEqual({})
    },
  )

  it('an expectations file without a spec is a warning', async () => {
    const project = await loadWith('second: { ExpectedTitle: t }\n', 'rules/b.expect.yml')
    expect(project.problems).toMatchObject([
      { severity: 'warning', code: 'orphan-expectations', file: 'rules/b.expect.yml' },
    ])
  })
})
