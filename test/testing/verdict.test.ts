import { describe, expect, it } from 'vitest'
import type { FunctionResults } from '../../src/model/alerts/finding.ts'
import type { Inhibition } from '../../src/model/alerts/inhibition.ts'
import type { TestOutcome } from '../../src/model/events/evaluation.ts'
import { NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import type { Expectations, TestCase } from '../../src/model/project/detection.ts'
import { NO_HANDLING_RULES, rulesOfDestinations } from '../../src/model/project/handling-rules.ts'
import { evaluateCase, type VerdictOptions } from '../../src/testing/verdict.ts'
import { destination, detection, failure, registry } from '../support/model.ts'
import { silence } from '../support/silences.ts'

const said = <T>(output: T) => ({ output })
const soc = registry([destination('soc', { severities: ['MEDIUM'] }), destination('pager')], {
  fallback: ['pager'],
})
const options: VerdictOptions = {
  registry: soc,
  handling: NO_HANDLING_RULES,
  allowUnknownDestinations: false,
  failOnProblems: false,
}

function testCase(expectedResult: boolean, expectations: Expectations = {}): TestCase {
  const location = { file: 'rules/test.yml', line: 9, column: 5 }
  return {
    name: 'case',
    location,
    expectedResult,
    entry: '{"p_log_type":"AWS.CloudTrail"}',
    mocks: '[]',
    expectations,
  }
}

function outcome(functions: FunctionResults, missingMocks: string[] = []): TestOutcome {
  return { functions, output: '', missingMocks, reads: [], durationMs: 1 }
}

interface Given {
  expected: boolean
  functions: FunctionResults
  expectations?: Expectations
  over?: Parameters<typeof detection>[0]
  with?: Partial<VerdictOptions>
}

function verdict({ expected, functions, expectations, over, with: given }: Given) {
  return evaluateCase(detection(over), testCase(expected, expectations), outcome(functions), {
    ...options,
    ...given,
  })
}

const whats = (given: Given) => verdict(given).failures.map(({ what }) => what)

describe('ExpectedResult', () => {
  const policy = { type: 'policy' as const }
  it.each<[string, Given, string[]]>([
    ['rule true as expected', { expected: true, functions: { detection: said(true) } }, []],
    ['rule false as expected', { expected: false, functions: { detection: said(false) } }, []],
    [
      'rule true, false expected',
      { expected: false, functions: { detection: said(true) } },
      ['ExpectedResult'],
    ],
    [
      'rule raises, false expected',
      { expected: false, functions: { detection: failure() } },
      ['ExpectedResult'],
    ],
    [
      'auxiliary error where an alert is expected',
      { expected: true, functions: { detection: said(true), title: failure() } },
      ['function'],
    ],
    [
      'auxiliary error where none is expected',
      { expected: false, functions: { detection: said(false), title: failure() } },
      [],
    ],
    [
      'policy false alerts: errors count',
      { expected: false, functions: { detection: said(false), dedup: failure() }, over: policy },
      ['function'],
    ],
    [
      'policy true: errors do not',
      { expected: true, functions: { detection: said(true), dedup: failure() }, over: policy },
      [],
    ],
  ])('%s', (_, given, expected) => {
    expect(whats(given)).toEqual(expected)
  })

  it('a mock of an unknown name fails', () => {
    const result = evaluateCase(
      detection(),
      testCase(true),
      outcome({ detection: said(true) }, ['ghost']),
      options,
    )
    expect(result).toMatchObject({ status: 'failed', failures: [{ what: 'mock', expected: 'ghost' }] })
  })
})

describe('expectations', () => {
  const functions: FunctionResults = {
    detection: said(true),
    title: said('Root login'),
    severity: said('MEDIUM'),
    dedup: said('root'),
    alert_context: said('{"user":{"name":"root","mfa":false},"ips":["1","2"]}'),
  }
  const met: Expectations = {
    ExpectedSeverity: 'MEDIUM',
    ExpectedDestinations: ['soc'],
    ExpectedRoute: 'generated-severity',
    ExpectedTitle: 'Root login',
    ExpectedDedup: 'root',
    ExpectedDescription: 'static description',
    ExpectedReference: 'static reference',
    ExpectedRunbook: 'static runbook',
    ExpectedAlertContext: { user: { mfa: false }, ips: ['1', '2'] },
  }

  it('a case that meets all expectations passes', () => {
    expect(verdict({ expected: true, functions, expectations: met })).toMatchObject({
      status: 'passed',
      failures: [],
    })
  })

  it.each<[keyof Expectations, unknown]>([
    ['ExpectedSeverity', 'HIGH'],
    ['ExpectedDestinations', ['pager']],
    ['ExpectedDestinations', []],
    ['ExpectedDestinations', ['soc', 'pager']],
    ['ExpectedRoute', 'static-severity'],
    ['ExpectedTitle', 'New Alert: Root login'],
    ['ExpectedDedup', 'Root login'],
    ['ExpectedDescription', ''],
    ['ExpectedReference', 'x'],
    ['ExpectedRunbook', 'x'],
    ['ExpectedAlertContext', { user: { mfa: true } }],
    ['ExpectedAlertContext', { ips: ['1'] }],
    ['ExpectedAlertContext', { missing: null }],
  ])(
    'an expectation %s %j that does not hold fails alone, with the expected and the actual value',
    (what, wrong) => {
      const { failures } = verdict({ expected: true, functions, expectations: { ...met, [what]: wrong } })
      expect(failures).toMatchObject([{ what, expected: wrong }])
      expect(failures[0]?.message).toContain(what)
    },
  )

  it.each(Object.keys(met) as (keyof Expectations)[])('%s fails for a case without an alert', (what) => {
    const given = {
      expected: false,
      functions: { detection: said(false) },
      expectations: { [what]: met[what] },
    }
    expect(whats(given)).toEqual([what])
  })

  it('ExpectedDestinations [] passes for a case without an alert and for CreateAlert false', () => {
    const nowhere = { ExpectedDestinations: [] }
    expect(whats({ expected: false, functions: { detection: said(false) }, expectations: nowhere })).toEqual(
      [],
    )
    expect(whats({ expected: true, functions, over: { createAlert: false }, expectations: nowhere })).toEqual(
      [],
    )
    expect(
      whats({
        expected: true,
        functions,
        over: { createAlert: false },
        expectations: { ExpectedTitle: 'Root login' },
      }),
    ).toEqual(['ExpectedTitle'])
  })

  it('threshold and unique have no effect on a case', () => {
    expect(whats({ expected: true, functions, over: { threshold: 50 }, expectations: met })).toEqual([])
  })

  it('ExpectedDestinations includes the fallback', () => {
    const given = { expected: true, functions: { detection: said(true) }, over: { severity: 'LOW' as const } }
    expect(
      whats({ ...given, expectations: { ExpectedDestinations: ['pager'], ExpectedRoute: 'fallback' } }),
    ).toEqual([])
  })
})

describe('routing problems', () => {
  const named = (...names: string[]): FunctionResults => ({
    detection: said(true),
    destinations: said(names),
  })

  it('an unknown destination fails the case unless it is allowed', () => {
    expect(whats({ expected: true, functions: named('soc', 'gone') })).toEqual(['route'])
    const allowed = verdict({
      expected: true,
      functions: named('soc', 'gone'),
      with: { allowUnknownDestinations: true },
    })
    expect(allowed).toMatchObject({
      status: 'passed',
      warnings: ['destination "gone" not found in destinations.yaml'],
    })
  })

  it('a fallback by mistake is a warning, and a failure with failOnProblems', () => {
    const given: Given = { expected: true, functions: { detection: said(true) }, over: { severity: 'LOW' } }
    expect(verdict(given)).toMatchObject({
      status: 'passed',
      warnings: [expect.stringContaining('fallback')],
    })
    expect(whats({ ...given, with: { failOnProblems: true } })).toEqual(['route'])
  })

  it('names are kept without a registry, and routes by severity are skipped with the reason', () => {
    const without = { registry: 'absent' } as const
    const bySeverity = verdict({
      expected: true,
      functions: { detection: said(true) },
      expectations: { ExpectedDestinations: ['soc'] },
      with: without,
    })
    expect(bySeverity).toMatchObject({
      status: 'passed',
      skippedExpectations: [{ what: 'ExpectedDestinations' }],
    })
    expect(
      whats({
        expected: true,
        functions: named('x'),
        expectations: { ExpectedDestinations: ['y'] },
        with: without,
      }),
    ).toEqual(['ExpectedDestinations'])
  })
})

describe('ExpectedSilenced', () => {
  const AT = '2026-12-05T01:00:00Z'
  const until = Date.parse(AT) + 1_000
  const silenced = {
    ...options,
    handling: { ...NO_HANDLING_RULES, silences: [silence('patching', { until, destinations: ['soc'] })] },
  }
  const judge = (expectations: Expectations, given: VerdictOptions = silenced) =>
    evaluateCase(detection(), testCase(true, expectations), outcome({ detection: said(true) }), given)

  it.each<[Expectations, unknown]>([
    [{ ExpectedSilenced: 'patching' }, undefined],
    [{ ExpectedSilenced: true }, undefined],
    [{ ExpectedSilenced: false }, 'patching'],
    [{ ExpectedSilenced: 'other' }, 'patching'],
    [{ ExpectedSilenced: 'patching', At: AT }, undefined],
    [{ ExpectedSilenced: 'patching', At: '2026-12-05T01:00:01Z' }, false],
    [{ ExpectedSilenced: false, At: '2026-12-05T01:00:01Z' }, undefined],
    [{ ExpectedDestinations: ['soc'], ExpectedSilenced: true }, undefined],
  ])('%j', (expectations, actual) => {
    const { failures, notices } = judge(expectations)
    expect(failures.map((failure) => [failure.what, failure.actual])).toEqual(
      actual === undefined ? [] : [['ExpectedSilenced', actual]],
    )
    expect(notices).toEqual([])
  })

  it('has the time of the caller in place of the time of the case', () => {
    const { failures } = judge({ ExpectedSilenced: false, At: AT }, { ...silenced, at: until })
    expect(failures).toEqual([])
  })

  it('is missing where a silence hides the alert of a case, which is a notice', () => {
    const { status, notices, handling } = judge({})
    expect([status, handling?.steps[0]?.did]).toEqual(['passed', 'hid'])
    expect(notices).toEqual([
      'the silence patching hides this alert; state it with ExpectedSilenced: patching',
    ])
  })

  it('false holds for a case without an alert', () => {
    const judged = (expected: boolean) =>
      evaluateCase(
        detection(),
        testCase(false, { ExpectedSilenced: expected }),
        outcome({ detection: said(false) }),
        silenced,
      ).failures.length
    expect([judged(false), judged(true)]).toEqual([0, 1])
  })
})

describe('ExpectedInhibited', () => {
  const outage: Inhibition = {
    id: 'outage',
    when: { detections: ['Host.Down'] },
    hide: { severities: ['MEDIUM'] },
    equal: [],
    forMs: 1_000,
  }
  const inhibited = { ...options, handling: { ...NO_HANDLING_RULES, inhibitions: [outage] } }
  const judge = (expectations: Expectations) =>
    evaluateCase(detection(), testCase(true, expectations), outcome({ detection: said(true) }), inhibited)
  const Open = [{ detection: 'Host.Down' }]

  it.each<[Expectations, unknown]>([
    [{ Open, ExpectedInhibited: 'outage' }, undefined],
    [{ Open, ExpectedInhibited: true, At: '2026-12-05T01:00:00Z' }, undefined],
    [{ Open, ExpectedInhibited: false }, 'outage'],
    [{ ExpectedInhibited: 'outage' }, false],
    [{ Open: [{ detection: 'Other' }], ExpectedInhibited: true }, false],
    [{ Open, ExpectedDestinations: ['soc'], ExpectedDelivery: { soc: 'inhibited' } }, undefined],
  ])('%j', (expectations, actual) => {
    const { failures } = judge(expectations)
    expect(failures.map((failure) => [failure.what, failure.actual])).toEqual(
      actual === undefined ? [] : [['ExpectedInhibited', actual]],
    )
  })
})

describe('expectations about the handling', () => {
  const office = {
    name: 'office',
    timezone: 'UTC',
    weekdays: [1],
    times: [{ from: 480, until: 1_080 }],
    except: [],
  }
  const hours = { during: [office], otherwise: 'wait', always: [] } as const
  const step = { afterMs: 15 * 60_000, unless: 'acknowledged', to: ['pager'], severities: null } as const
  const digest = { everyMs: 60_000, by: [], below: null, after: 0, max: 50 }
  const known = registry([
    destination('soc', { severities: ['MEDIUM'], handling: { ...NO_HANDLING, hours } }),
    destination('chat', { severities: ['MEDIUM'], handling: { ...NO_HANDLING, escalate: [step] } }),
    destination('pager'),
    destination('mail', { severities: ['MEDIUM'], handling: { ...NO_HANDLING, digest } }),
  ])
  const handling = { ...NO_HANDLING_RULES, destinations: rulesOfDestinations(known) }
  const At = '2026-12-05T01:00:00Z'
  const failuresOf = (expectations: Expectations) => {
    const test = testCase(true, { At, ...expectations })
    const { failures } = evaluateCase(detection(), test, outcome({ detection: said(true) }), {
      ...options,
      registry: known,
      handling,
    })
    return failures.map(({ message }) => message)
  }

  it('pass if each destination gets the alert as expected', () => {
    expect(
      failuresOf({
        ExpectedDestinations: ['soc', 'chat', 'mail'],
        ExpectedDelivery: { soc: 'at 2026-12-07T09:00:00+01:00', chat: 'now', mail: 'digest' },
        ExpectedEscalation: [{ afterMs: 15 * 60_000, to: ['pager'] }],
      }),
    ).toEqual([])
  })

  it('fail with what happens instead', () => {
    expect(
      failuresOf({
        ExpectedDelivery: { soc: 'now', chat: 'now', pager: 'now' },
        ExpectedEscalation: [],
      }),
    ).toEqual([
      'ExpectedDelivery: expected {"soc":"now","chat":"now","pager":"now"}, got {"soc":"at 2026-12-07T08:00:00Z","pager":"not a destination of the alert"}',
      'ExpectedEscalation: expected [], got [{"after":"15 min","to":["pager"],"unless":"acknowledged"}]',
    ])
  })

  it('fail if an alert is gathered and should be sent at once, and the other way round', () => {
    expect(failuresOf({ ExpectedDelivery: { chat: 'digest', mail: 'now' } })).toEqual([
      'ExpectedDelivery: expected {"chat":"digest","mail":"now"}, got {"chat":"now","mail":"digest"}',
    ])
  })

  it.each([
    [{ ...step, to: ['soc'] }],
    [{ ...step, unless: 'resolved' as const }],
    [{ ...step, afterMs: 1 }],
  ])('a step that differs fails: %o', (expected) => {
    expect(failuresOf({ ExpectedEscalation: [expected] })).toHaveLength(1)
  })
})
