/** Simple detections in the worker: the results that the functions of a Python body would have. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPath, readTemplate } from '../../src/config/detections/key-specifiers.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import type { Key, SimpleDetection, Template } from '../../src/model/project/match-expression.ts'
import {
  engineProject,
  envelope,
  findingsOf,
  reportsOf,
  rule,
  warmEngine,
} from '../support/engine-project.ts'
import { readExpression } from '../support/expressions.ts'
import { detection } from '../support/model.ts'

const key = (path: string) => readPath(path) as Key
const matching = (yaml: string) => readExpression(yaml).expression

function simple(id: string, content: Partial<SimpleDetection>, over: Partial<Detection> = {}): Detection {
  return detection({
    id,
    body: null,
    logTypes: ['Test.Log'],
    simple: { matcher: matching('[]'), title: null, context: null, severities: [], groupBy: [], ...content },
    ...over,
  })
}

const talkative = simple('talkative', {
  matcher: matching('{ Key: action, Condition: Equals, Value: login }'),
  title: readTemplate('{user.name} from {ips[0]} at {risk}: {missing}') as Template,
  context: [
    { name: 'risk', key: key('risk') },
    { name: 'large', key: key('large') },
    { name: 'ips', key: key('ips') },
    { name: 'missing', key: key('missing') },
  ],
  severities: [
    { to: 'CRITICAL', when: matching('{ Key: risk, Condition: IsGreaterThan, Value: 90 }') },
    { to: 'HIGH', when: matching('{ Key: risk, Condition: IsGreaterThan, Value: 50 }') },
    { to: 'LOW', when: matching('[]') },
  ],
  groupBy: [key('user.name'), key('risk')],
})
const LOGIN =
  '{"action": "login", "user": {"name": "ann"}, "ips": ["10.0.0.1"], "risk": 53.0, "large": 9007199254740993}'

const MEMBER = `
  def rule(event): return event["n"] > 0
  def alert_context(event): return {"x": 7.0}
`
const FIELDS = ['user.name', 'n', 'ips', 'p_log_type', 'user', 'missing', 'p_alert_context.x'].map(
  (name) => ({
    name,
    key: key(name),
  }),
)

let engine: Engine
beforeAll(async () => {
  const project = engineProject({
    detections: [
      talkative,
      simple('silent', {}),
      simple('other type', {}, { logTypes: ['Other'] }),
      simple('rows too', {}, { logTypes: [], scheduledQueries: ['Q'] }),
      simple('rows', {}, { type: 'scheduled_rule', logTypes: [], scheduledQueries: ['Q'] }),
      simple('filtered', {}, { inlineFilter: matching('{ Key: action, Condition: Equals, Value: x }') }),
      simple('long', {
        title: { texts: ['x'.repeat(999), 'z'], keys: [key('action')] },
        groupBy: [key('action')],
      }),
      rule('python', 'def rule(event): return True'),
      ...['python member', 'simple member'].map((id) => {
        const over = { logTypes: ['Member'], signalFields: FIELDS }
        return id.startsWith('p') ? rule(id, MEMBER, over) : simple(id, {}, over)
      }),
    ],
  })
  engine = await createEngine({ project, purpose: 'test', workers: 1, prewarmed: warmEngine(), log: nullLog })
})
afterAll(() => engine.close())

const saidLive = async (raw: string) => findingsOf((await engine.evaluate([envelope(raw)]))[0]!)

describe('a simple detection', () => {
  it('a simple detection makes title, severity, dedup key and context, with every number as in the event', async () => {
    const functions = (await saidLive(LOGIN)).talkative
    expect(functions).toEqual({
      detection: { output: true },
      title: { output: 'ann from 10.0.0.1 at 53.0: ' },
      severity: { output: 'HIGH' },
      dedup: { output: '["ann",53.0]' },
      alert_context: { output: '{"risk":53.0,"large":9007199254740993,"ips":["10.0.0.1"],"missing":null}' },
    })
  })

  it.each([
    ['99', 'CRITICAL'],
    ['90', 'HIGH'],
    ['1', 'LOW'],
  ])(
    'a simple detection of an event with risk %s has the first severity whose conditions hold: %s',
    async (risk, severity) => {
      const { talkative } = await saidLive(`{"action": "login", "risk": ${risk}}`)
      expect(talkative!.severity).toEqual({ output: severity })
    },
  )

  it('a simple detection makes no text that its spec does not define', async () => {
    expect((await saidLive('{}')).silent).toEqual({ detection: { output: true } })
  })

  it('a simple detection is selected by log type, query and filter, as a Python rule is', async () => {
    const events = [envelope('{}'), envelope('{}', { type: 'Other' }), envelope('{}', { type: 'Q' })]
    expect((await engine.evaluate(events)).map((event) => Object.values(reportsOf(event)).sort())).toEqual([
      ['long', 'python', 'silent'],
      ['other type'],
      ['rows', 'rows too'],
    ])
  })

  it('a title is cut at the same length as that of a Python rule', async () => {
    const { long } = await saidLive('{"action": "abc"}')
    expect(long!.title!.output).toBe(`${'x'.repeat(985)}... (truncated)`)
    expect(long!.dedup).toEqual({ output: 'abc' })
  })

  it('a simple detection and a Python rule keep the same signal fields, with all digits', async () => {
    const raw = '{"n": 53.0, "user": {"name": "ann"}, "ips": ["a", 1], "p_alert_context": {"x": 1}}'
    const [event] = await engine.evaluate([envelope(raw, { type: 'Member' })])
    const { outcome } = event!
    const findings = outcome.status === 'evaluated' ? outcome.findings : []
    const kept = '{"user.name":"ann","n":53.0,"ips":["a",1],"p_log_type":"Member"'
    expect(Object.fromEntries(findings.map(({ detection: id, signalFields }) => [id, signalFields]))).toEqual(
      {
        'python member': `${kept},"p_alert_context.x":7.0}`,
        'simple member': `${kept}}`,
      },
    )
  })

  it('a test of a simple detection gives the same results as an event', async () => {
    const test = async (entry: string) =>
      (await engine.test([{ detection: 'talkative', entry, mocks: '[]' }]))[0]!.functions
    expect(await test(LOGIN)).toEqual((await saidLive(LOGIN)).talkative)
    expect((await test('{"action": "logout"}')).detection).toEqual({ output: false })
  })
})
