import { describe, expect, it } from 'vitest'
import { buildErrors, buildMatch, buildSystem } from '../../src/alerts/build.ts'
import { notificationJson, prefixedTitle } from '../../src/model/alerts/alert.ts'
import type { FunctionResults } from '../../src/model/alerts/finding.ts'
import { detection, failure, finding, identity } from '../support/model.ts'

const said = <T>(output: T) => ({ output })
const match = (functions: FunctionResults, over = {}) =>
  buildMatch(detection(over), finding({ detection: said(true), ...functions }))

describe('severity', () => {
  it.each<[string, FunctionResults['severity'], object]>([
    ['absent', undefined, { value: 'MEDIUM', source: 'static' }],
    ['one of the five', said('CRITICAL'), { value: 'CRITICAL', source: 'generated' }],
    ['equal to the static one is still generated', said('MEDIUM'), { value: 'MEDIUM', source: 'generated' }],
    ['DEFAULT', said('DEFAULT'), { value: 'MEDIUM', source: 'static' }],
    ['failed: the static one, never INFO', failure(), { value: 'MEDIUM', source: 'static' }],
  ])('%s', (_, severity, expected) => {
    const candidate = match(severity ? { severity } : {})
    expect(candidate.draft.severity).toEqual(expected)
    expect(candidate.routeRequest.severity).toEqual(expected)
  })
})

describe('texts', () => {
  it('the title is that of title(), else the display name, else the id', () => {
    expect(match({ title: said('Root login') }).draft.title).toBe('Root login')
    expect(match({}).draft.title).toBe('A test rule')
    expect(match({ title: failure() }, { displayName: '' }).draft.title).toBe('Test.Rule')
  })

  it('description, reference and runbook come from the function, else from the metadata, and are empty if the function failed', () => {
    const { draft } = match({ description: said('dynamic'), runbook: failure() })
    expect(draft).toMatchObject({ description: 'dynamic', reference: 'static reference', runbook: '' })
  })

  it('the context is the result of alert_context(), {} without the function, and the error if it failed', () => {
    expect(match({ alert_context: said('{"score":53.0}') }).draft.context).toBe('{"score":53.0}')
    expect(match({}).draft.context).toBe('{}')
    expect(JSON.parse(match({ alert_context: failure() }).draft.context)).toEqual({ _error: "KeyError('x')" })
  })
})

describe('dedup key', () => {
  it.each<[string, FunctionResults, string]>([
    ['dedup()', { dedup: said('by user'), title: said('T') }, 'by user'],
    ['an empty one counts as absent', { dedup: said(''), title: said('T') }, 'T'],
    ['title()', { title: said('T') }, 'T'],
    ['neither', {}, 'defaultDedupString:Test.Rule'],
    ['both empty', { dedup: said(''), title: said('') }, 'defaultDedupString:Test.Rule'],
    ['the display name is no key', { title: failure() }, 'defaultDedupString:Test.Rule'],
  ])('%s', (_, functions, expected) => {
    expect(match(functions).draft.dedup).toBe(expected)
  })

  it('a policy without dedup() uses the resource id before the default', () => {
    const policy = detection({ type: 'policy', resourceTypes: ['AWS.S3.Bucket'] })
    const event = identity({ kind: 'resource', type: 'AWS.S3.Bucket', resourceId: 'arn:aws:s3:::logs' })
    const { draft } = buildMatch(policy, finding({ detection: said(false) }, { event }))
    expect(draft).toMatchObject({ kind: 'POLICY', dedup: 'arn:aws:s3:::logs', logTypes: ['AWS.S3.Bucket'] })
  })

  it('the title() of a policy is its dedup key, although it is not shown', () => {
    const titled = finding({ detection: said(false), title: said('T') })
    const { draft } = buildMatch(detection({ type: 'policy' }), titled)
    expect([draft.dedup, draft.title]).toEqual(['T', 'A test rule'])
  })
})

it('the log types are that of the event, else those of the detection', () => {
  expect(match({}).draft.logTypes).toEqual(['AWS.CloudTrail'])
  const untyped = finding(undefined, { event: identity({ type: null }) })
  expect(buildMatch(detection({ logTypes: ['A', 'B'] }), untyped).routeRequest.logTypes).toEqual(['A', 'B'])
})

describe('destinations()', () => {
  it.each<[string, FunctionResults['destinations'], object]>([
    ['absent', undefined, { kind: 'absent' }],
    ['None', said(null), { kind: 'none' }],
    ['[]', said([]), { kind: 'list', names: [] }],
    ['names', said(['a']), { kind: 'list', names: ['a'] }],
    ['failed', failure(), { kind: 'error', message: "KeyError('x')" }],
  ])('%s', (_, destinations, expected) => {
    expect(match(destinations ? { destinations } : {}).routeRequest.destinations).toEqual(expected)
  })
})

describe('errors', () => {
  it('each function that failed makes an error of the static severity, without a threshold, grouped by function and exception class', () => {
    const noisy = detection({ threshold: 50, severity: 'HIGH' })
    const functions = {
      detection: said(true),
      severity: failure(),
      title: failure('ValueError', 'bad'),
      dedup: said('x'),
    }
    const errors = buildErrors(noisy, finding(functions))
    expect(
      errors.map(({ draft, threshold }) => [
        draft.kind,
        draft.dedup,
        draft.title,
        draft.severity.value,
        threshold,
      ]),
    ).toEqual([
      ['RULE_ERROR', 'title():ValueError', 'ValueError(bad)', 'HIGH', 1],
      ['RULE_ERROR', 'severity():KeyError', "KeyError('x')", 'HIGH', 1],
    ])
    expect(errors[1]?.draft.description).toBe(
      "severity() of Test.Rule raised KeyError at rules/test.py:3: 'x'",
    )
  })

  it('an error of the matcher of a policy names policy()', () => {
    const [error] = buildErrors(detection({ type: 'policy' }), finding({ detection: failure() }))
    expect(error?.draft).toMatchObject({ kind: 'POLICY_ERROR', dedup: 'policy():KeyError' })
  })
})

describe('the notification', () => {
  const KEYS =
    'id createdAt severity type link title name alertId alertContext description runbook tags version'
  const draftOf = (functions: FunctionResults = {}, over = {}) => ({
    ...match(functions, over).draft,
    route: { level: 'nowhere' as const, destinations: [], suppressed: false, trace: [], problems: [] },
  })

  it('has the 13 keys in order, no null, and the context’s own text', () => {
    const draft = draftOf(
      { alert_context: said('{"score":53.0,"big":9007199254740993}') },
      { displayName: '', runbook: '' },
    )
    const text = notificationJson(draft, 'a1', 1_700_000_000_123, '')
    expect(Object.keys(JSON.parse(text) as object)).toEqual(KEYS.split(' '))
    expect(text).toContain('"alertContext":{"score":53.0,"big":9007199254740993}')
    expect(text).not.toContain('null')
    expect(JSON.parse(text)).toMatchObject({
      createdAt: '2023-11-14T22:13:20.123Z',
      name: '',
      link: '',
      title: 'New Alert: Test.Rule',
    })
  })

  it.each([
    ['RULE', 'New Alert: T'],
    ['CORRELATION_RULE', 'New Alert: T'],
    ['RULE_ERROR', 'New rule error: T'],
    ['POLICY', 'Policy Failure: A test rule'],
    ['SYSTEM_ERROR', 'T'],
  ] as const)('the title of %s is the documented one', (kind, expected) => {
    expect(prefixedTitle({ ...draftOf({ title: said('T') }), kind })).toBe(expected)
  })
})

it('system findings are CRITICAL under their own id, a heartbeat is INFO', () => {
  const system = {
    from: 'system' as const,
    code: 'X',
    title: 't',
    description: '',
    runbook: '',
    dedup: 'd',
    context: {},
    at: 0,
  }
  expect(buildSystem({ ...system, kind: 'SYSTEM_ERROR' }).draft).toMatchObject({
    detection: 'Signalbox.X',
    severity: { value: 'CRITICAL' },
  })
  expect(buildSystem({ ...system, kind: 'HEARTBEAT', destinations: ['a'] })).toMatchObject({
    draft: { severity: { value: 'INFO' } },
    routeRequest: { outputIds: ['a'] },
  })
})
