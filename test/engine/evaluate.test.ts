/** Events through real Python workers: selection, order, fields, bad events, outputs and their types. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import {
  dataModel,
  engineProject,
  envelope,
  findingsOf,
  helper,
  policy,
  reportsOf,
  rule,
  warmEngine,
} from '../support/engine-project.ts'

const ALL_FUNCTIONS = `
  seen = {}
  def rule(event):
      seen["n"] = event["n"]
      return event.get("all", False)
  def title(event): return f"title {seen['n']}"
  def description(event): return "d" * 1001
  def reference(event): return "reference"
  def severity(event): return "High"
  def runbook(event): return "runbook"
  def destinations(event): return ["slack", "SKIP"]
  def dedup(event): return ""
  def alert_context(event): return {"big": 9007199254740993, "float": 53.0, "nested": event.get("nested")}
  def unique(event): return None
`
const output = (name: string, returned: string) => `
  def rule(event): return True
  def ${name}(event): return ${returned}
`
const only = (id: string, over = {}) => ({ logTypes: [`Only.${id}`], ...over })

const WRONG: [name: string, returned: string, type: string, message: string][] = [
  ['title', '1', 'FunctionReturnTypeError', 'function [title] returned [int], expected [str]'],
  ['dedup', 'None', 'FunctionReturnTypeError', 'function [dedup] returned [NoneType], expected [str]'],
  [
    'severity',
    '"URGENT"',
    'AssertionError',
    'Expected severity to be any of the following: [INFO, LOW, MEDIUM, HIGH, CRITICAL, DEFAULT], got [URGENT] instead.',
  ],
  [
    'destinations',
    '"slack"',
    'FunctionReturnTypeError',
    'function [destinations] returned [str], expected [list of str]',
  ],
  [
    'destinations',
    '[True]',
    'FunctionReturnTypeError',
    'function [destinations] returned [bool], expected [list of str]',
  ],
  [
    'alert_context',
    '[]',
    'FunctionReturnTypeError',
    'function [alert_context] returned [list], expected [Mapping]',
  ],
  [
    'alert_context',
    '{"a": float("nan")}',
    'ValueError',
    'Out of range float values are not JSON compliant: nan',
  ],
  ['alert_context', '{"a": {1}}', 'TypeError', 'object of type set is not JSON serializable'],
  ['unique', '1', 'FunctionReturnTypeError', 'function [unique] returned [int], expected [str]'],
]
const FINE: [name: string, returned: string, value: unknown][] = [
  ['severity', '"default"', 'DEFAULT'],
  ['destinations', 'None', null],
  ['destinations', '[]', []],
  ['destinations', '["SKIP"]', ['SKIP']],
  ['unique', '"u"', 'u'],
  [
    'alert_context',
    '{"a": "x" * 204_800}',
    '{"_error": "alert_context size is [204809] characters, bigger than maximum of [204800] characters"}',
  ],
]

/** Each detection has its own log type. */
const numbered = [...WRONG, ...FINE].map(([name, returned], n) =>
  rule(`${n}-${name}`, output(name, returned), { logTypes: [`Case.${n}`] }),
)
const matchers = ['None', '1', '"True"'].map((returned, n) =>
  rule(`matcher-${n}`, `def rule(event): return ${returned}`, { logTypes: ['Matcher'] }),
)

const project = engineProject({
  settings: { classification: [{ logType: 'Matched', match: { 'a.b': 'x', id: '*' } }] },
  helpers: [
    helper('greeting', 'from punctuation import END\ndef greet(name): return "hello " + name + END'),
    helper('punctuation', 'END = "!"'),
    helper('json', 'raise Exception("the standard library wins")'),
  ],
  dataModels: [
    dataModel({
      logTypes: ['Modelled'],
      mappings: [
        { name: 'actor', path: 'user.name' },
        { name: 'loud', method: 'loud' },
      ],
      source: 'from greeting import greet\ndef loud(event): return greet(event.get("n").upper())',
    }),
    dataModel({
      id: 'Off',
      enabled: false,
      logTypes: ['Only.off'],
      mappings: [{ name: 'actor', path: 'a' }],
    }),
  ],
  detections: [
    ...numbered,
    ...matchers,
    rule('all', ALL_FUNCTIONS),
    rule('even', 'def rule(event): return int(event.get("n", 1)) % 2 == 0'),
    rule('disabled', 'def rule(event): return True', { enabled: false }),
    rule(
      'udm',
      "def rule(event): return True\ndef title(event): return f\"{event.udm('actor')} {event.udm('loud')}\"",
      only('udm', { logTypes: ['Only.udm', 'Modelled'] }),
    ),
    rule('fields', 'def rule(event): return True\ndef alert_context(event): return event', only('fields')),
    rule('matched', 'def rule(event): return True', { logTypes: ['Matched'] }),
    rule(
      'helped',
      'import json\nfrom greeting import greet\ndef rule(event): return True\ndef title(event): return greet(json.loads("\\"x\\""))',
      only('helped'),
    ),
    rule('printing', 'def rule(event):\n    print("x" * 10**6)\n    return True', only('printing')),
    rule('scheduled', 'def rule(event): return event.data_model is None', {
      type: 'scheduled_rule',
      logTypes: [],
      scheduledQueries: ['A query'],
    }),
    policy('any', 'def policy(resource): return type(resource) is not dict'),
    policy(
      'bucket',
      'def policy(resource):\n    resource["Tags"].append("changed")\n    return len(resource["Tags"]) > 1',
      { resourceTypes: ['AWS.S3.Bucket'], suppressions: ['prod-*'] },
    ),
    policy('bucket-too', 'def policy(resource): return len(resource["Tags"]) > 0', {
      resourceTypes: ['AWS.S3.Bucket'],
    }),
  ],
})
const log = (type: string, raw: unknown = {}) => envelope(raw, { type })

let engine: Engine
beforeAll(async () => {
  engine = await createEngine({ project, purpose: 'run', workers: 2, log: nullLog, prewarmed: warmEngine() })
})
afterAll(() => engine.close())

it('the project loads without problems', () => {
  expect(engine.problems).toEqual([])
})

describe('order', () => {
  it('a batch over several workers keeps the order of its events', async () => {
    const events = Array.from({ length: 700 }, (_, n) => envelope({ n }, { seq: n }))
    const evaluated = await engine.evaluate(events)
    expect(evaluated.map(({ envelope }) => envelope.seq)).toEqual(events.map(({ seq }) => seq))
    expect(evaluated.map((event) => reportsOf(event).length)).toEqual(
      events.map((_, n) => (n % 2 === 0 ? 1 : 0)),
    )
  })

  it('events of several concurrent batches are not mixed', async () => {
    const batches = Array.from({ length: 8 }, (_, b) => [envelope({ n: b }), envelope({ n: b + 1 })])
    const evaluated = await Promise.all(batches.map((batch) => engine.evaluate(batch)))
    expect(evaluated.map((batch) => batch.map((event) => event.envelope))).toEqual(batches)
  })

  it('findings have the order of the detections', async () => {
    const [event] = await engine.evaluate([envelope({ n: 2, all: true })])
    expect(reportsOf(event!)).toEqual(['all', 'even'])
  })

  it('the functions of one event run before the matcher of the next event', async () => {
    const evaluated = await engine.evaluate([1, 3, 5].map((n) => envelope({ n, all: true })))
    expect(evaluated.map((event) => findingsOf(event).all?.title)).toEqual(
      [1, 3, 5].map((n) => ({ output: `title ${n}` })),
    )
  })
})

describe('functions', () => {
  it('each function returns what its contract allows, in the form of the contract', async () => {
    const [event] = await engine.evaluate([envelope('{"n": 1, "all": true, "nested": {"a": [1.0]}}')])
    expect(findingsOf(event!).all).toEqual({
      detection: { output: true },
      title: { output: 'title 1' },
      description: { output: `${'d'.repeat(985)}... (truncated)` },
      reference: { output: 'reference' },
      severity: { output: 'HIGH' },
      runbook: { output: 'runbook' },
      destinations: { output: ['slack', 'SKIP'] },
      dedup: { output: '' },
      alert_context: { output: '{"big": 9007199254740993, "float": 53.0, "nested": {"a": [1.0]}}' },
      unique: { output: null },
    })
  })

  it('functions that the body lacks are absent', async () => {
    const [event] = await engine.evaluate([envelope({ n: 2 })])
    expect(findingsOf(event!)).toEqual({ even: { detection: { output: true } } })
  })

  it('functions can print without changing the results', async () => {
    const [event] = await engine.evaluate([log('Only.printing')])
    expect(reportsOf(event!)).toEqual(['printing'])
  })
})

describe('selection', () => {
  it.each([
    ['a rule by log type', log('Only.helped'), ['helped']],
    ['no detection', log('Unselected'), []],
    [
      "the record's own type before the source's",
      log('Unselected', { p_log_type: 'Only.helped' }),
      ['helped'],
    ],
    ['a declared matcher', envelope({ a: { b: 'x' }, id: 0 }, { type: null }), ['matched']],
    ['a matcher that does not hold', envelope({ a: { b: 'y' }, id: 1 }, { type: null }), 'unclassified'],
    ['no type at all', envelope({ constructor: 1 }, { type: null }), 'unclassified'],
    ['a scheduled rule by its query', log('A query', { p_log_type: 'Only.helped' }), ['scheduled']],
  ])('%s', async (_, event, expected) => {
    const [evaluated] = await engine.evaluate([event])
    expect(reportsOf(evaluated!)).toEqual(expected)
  })

  it('policies are selected by resource type, and suppressed resources are left out', async () => {
    const resource = (raw: object, type: string | null = 'AWS.S3.Bucket') =>
      envelope({ Tags: [], ...raw }, { kind: 'resource', type })
    const evaluated = await engine.evaluate([
      resource({ resourceId: 'test-1' }),
      resource({ resourceId: 'prod-1' }),
      resource({ resourceId: 'x', resourceType: 'AWS.EC2' }, null),
      resource({}, null),
    ])
    expect(evaluated.map(reportsOf)).toEqual([
      ['any', 'bucket', 'bucket-too'],
      ['any', 'bucket-too'],
      ['any'],
      'unclassified',
    ])
    expect(evaluated[0]!.outcome).toMatchObject({
      findings: [{}, {}, {}].map(() => ({
        event: { kind: 'resource', type: 'AWS.S3.Bucket', resourceId: 'test-1' },
      })),
    })
  })
})

describe('what a rule finds in its event:', () => {
  const context = async (raw: object, over = {}) => {
    const [event] = await engine.evaluate([envelope(raw, { type: 'Only.fields', ...over })])
    return { event: event!, fields: JSON.parse(findingsOf(event!).fields!.alert_context!.output!) }
  }

  it('the p_ fields where the record lacks them', async () => {
    const { event, fields } = await context({ at: '2026-01-02T03:04:05.678901Z' }, { timeField: 'at' })
    expect(fields).toEqual({
      at: '2026-01-02T03:04:05.678901Z',
      p_log_type: 'Only.fields',
      p_row_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      p_parse_time: '2026-01-31 12:00:00.000000000',
      p_source_label: 'test',
      p_event_time: '2026-01-02 03:04:05.678901000',
    })
    expect(event.outcome).toMatchObject({
      ownRowId: null,
      findings: [{ event: { rowId: fields.p_row_id } }],
    })
  })

  it("the record's own p_ fields where it has them", async () => {
    const own = { p_row_id: 'mine', p_event_time: 'then', p_source_label: 's', p_parse_time: 'p' }
    const { event, fields } = await context({ ...own, at: 1 }, { timeField: 'at' })
    expect(fields).toEqual({ ...own, at: 1, p_log_type: 'Only.fields' })
    expect(event.outcome).toMatchObject({ ownRowId: 'mine', findings: [{ event: { rowId: 'mine' } }] })
  })

  it('the same row id when the same record is read again, another one elsewhere', async () => {
    const rowId = async (over: object) => (await context({ a: 1 }, over)).fields.p_row_id
    const first = await rowId({ origin: 'a file', receivedAt: 1, seq: 1 })
    expect(await rowId({ origin: 'a file', receivedAt: 2, seq: 9 })).toBe(first)
    expect(await rowId({ origin: 'another' })).not.toBe(first)
    expect(await rowId({ seq: 1 })).not.toBe(await rowId({ seq: 2 }))
  })

  it('the data model of its own log type', async () => {
    const record = { n: 'x', user: { name: 'ann' }, actor: 'own' }
    const evaluated = await engine.evaluate([
      log('Modelled', record),
      log('Only.udm', record),
      log('Only.udm', { ...record, p_log_type: 'Modelled' }),
    ])
    expect(evaluated.map((event) => findingsOf(event).udm?.title?.output)).toEqual([
      'ann hello X!',
      'own None',
      'ann hello X!',
    ])
  })
})

describe('an event that is refused', () => {
  const good = envelope({ n: 2 })
  it.each([
    ['not JSON', '{"n": 2', /^not JSON/],
    ['NaN', '{"n": NaN}', /^not JSON/],
    ['Infinity', '{"n": -Infinity}', /^not JSON/],
    ['a list', '[{"n": 2}]', /^not a JSON object but a list/],
    ['text', '"n"', /^not a JSON object but "n"/],
    ['null', 'null', /^not a JSON object but null/],
    ['empty', '', /^not JSON/],
    ['two records', '{"n":2},{"n":2}', /^not JSON/],
    ['a number of 5,000 digits', `{"n": ${'9'.repeat(5000)}}`, /^a number has more than 400 digits/],
    ['a million levels', `{"n": ${'['.repeat(1e6)}${']'.repeat(1e6)}}`, /^nested more than 200 levels/],
    ['a million levels that never close', '{"a":'.repeat(1e6), /^(nested|larger)/],
    ['10 MB', `{"n": "${'x'.repeat(10e6)}"}`, /^larger than 4194304 bytes/],
  ])(
    'an event that is refused (%s) has a reason, and the other events are evaluated',
    async (_, raw, reason) => {
      const [before, bad, after] = await engine.evaluate([good, envelope(raw), good])
      expect(bad!.outcome).toEqual({ status: 'rejected', reason: expect.stringMatching(reason) })
      expect([before, after].map((event) => reportsOf(event!))).toEqual([['even'], ['even']])
    },
  )

  it('keeps the reason that framing gave', async () => {
    const [bad] = await engine.evaluate([envelope('{"n":', { refused: 'longer than 10 bytes' })])
    expect(bad!.outcome).toEqual({ status: 'rejected', reason: 'longer than 10 bytes' })
  })

  it('an unusual event is not refused', async () => {
    const odd = [
      '{"n": 2, "s": "[[\\"{{ 99999"}',
      '{"n": 2, "n": 4}',
      '{"n": 2, "\\ud800": "\\udfff"}',
      ' {"n":2}\n',
    ]
    const evaluated = await engine.evaluate(odd.map((raw) => envelope(raw)))
    expect(evaluated.map(reportsOf)).toEqual(odd.map(() => ['even']))
  })
})

describe('return values', () => {
  const resultOf = async (n: number, name: string) => {
    const [event] = await engine.evaluate([log(`Case.${n}`)])
    const results = findingsOf(event!)[`${n}-${name}`]!
    expect(results.detection).toEqual({ output: true })
    return results[name as 'title']
  }

  it.each(WRONG.map((each, n) => [n, ...each] as const))(
    'a return value of the wrong type is an error: case %i, %s() -> %s',
    async (n, name, _, type, message) => {
      const result = await resultOf(n, name)
      expect(result?.error).toMatchObject({ type, message: expect.stringContaining(message) })
    },
  )

  it.each(FINE.map((each, n) => [n + WRONG.length, ...each] as const))(
    'a return value of the right type passes: case %i, %s() -> %s',
    async (n, name, _, value) => {
      expect(await resultOf(n, name)).toEqual({ output: value })
    },
  )

  it('a return value of the wrong type from a matcher is a finding with an error', async () => {
    const [event] = await engine.evaluate([log('Matcher')])
    const messages = Object.values(findingsOf(event!)).map(({ detection }) => detection?.error?.message)
    expect(messages).toEqual(
      ['NoneType', 'int', 'str'].map(
        (type, n) => `detection [matcher-${n}] function [rule] returned [${type}], expected [bool]`,
      ),
    )
  })
})
