/** The cases that detections carry, run through real Python: mocks, isolation, all functions, tracebacks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { dataModel, engineProject, helper, policy, rule, warmEngine } from '../support/engine-project.ts'

const MOCKED = `
  import json
  from unittest.mock import MagicMock
  from geo import locate
  ALLOWED = {"a"}
  def own(): return "real"
  def rule(event):
      if isinstance(ALLOWED, MagicMock):
          return json.loads(ALLOWED())["ok"]
      return True
  def title(event): return f"{own()} {locate('ip')}"
`
const CACHED = `
  from panther_detection_helpers.caching import get_string_set, put_string_set
  def rule(event):
      seen = get_string_set("k")
      put_string_set("k", ["x"])
      return bool(seen)
`
const detections = [
  rule('mocked', MOCKED),
  rule('cached', CACHED),
  rule('disabled', 'def rule(event): return event.deep_get("a", "b") == 1.0', { enabled: false }),
  rule('false', 'def rule(event): return False\ndef title(event): return "still runs"'),
  rule(
    'raising',
    'from geo import dig\ndef rule(event):\n    return dig(event)\ndef title(event): return "t"',
  ),
  rule('broken', 'def rule(event: return True'),
  rule(
    'printing',
    'import sys\nprint("at load")\ndef rule(event):\n    print("rule", event.get("n"))\n    print("err", file=sys.stderr)\n    return True',
  ),
  rule(
    'exits',
    'import os\ndef rule(event):\n    if event.get("exit"): os._exit(0)\n    return True\ndef title(event): return "t"',
  ),
  rule(
    'reading',
    'def rule(event):\n    event.get("name")\n    event.deep_get("a", "b")\n    event.deep_get("a", "missing", default=3)\n    event.udm("actor")\n    event.get("name")\n    return event["gone"]',
  ),
  rule('udm', 'def rule(event): return event.udm("actor") == "ann"'),
  rule('no-body', '', { body: null }),
  rule('scheduled', 'def rule(event): return event.data_model is None', { type: 'scheduled_rule' }),
  policy('plain', 'def policy(resource):\n    resource["seen"] = True\n    return type(resource) is dict'),
]

let engine: Engine
beforeAll(async () => {
  engine = await createEngine({
    project: engineProject({
      detections,
      helpers: [helper('geo', 'def locate(ip): return "nowhere"\ndef dig(event): return event["absent"]')],
      dataModels: [dataModel({ mappings: [{ name: 'actor', path: 'user' }] })],
      settings: { limits: { quarantineAfter: 2 } },
    }),
    purpose: 'test',
    workers: 2,
    log: nullLog,
    prewarmed: warmEngine(),
  })
})
afterAll(() => engine.close())

const call = (detection: string, entry: unknown = {}, mocks: object[] = []) => ({
  detection,
  entry: typeof entry === 'string' ? entry : JSON.stringify(entry),
  mocks: JSON.stringify(mocks),
})
async function outcomeOf(...args: Parameters<typeof call>) {
  const [outcome] = await engine.test([call(...args)])
  return outcome!
}

it('outcomes have the order of the calls', async () => {
  const values = Array.from({ length: 60 }, (_, n) => n % 3)
  const outcomes = await engine.test(values.map((n) => call('disabled', { a: { b: n } })))
  expect(outcomes.map(({ functions }) => functions.detection?.output)).toEqual(values.map((n) => n === 1))
})

it('every function runs, whatever the matcher returns', async () => {
  expect((await outcomeOf('false')).functions).toEqual({
    detection: { output: false },
    title: { output: 'still runs' },
  })
})

describe('mocks', () => {
  const ok = { objectName: 'ALLOWED', returnValue: '{"ok": false}' }
  const own = { objectName: 'own', returnValue: 'mock' }
  const located = { objectName: 'locate', returnValue: ['a', 1.5] }

  it('replace functions, imported names and constants of the module, then are gone', async () => {
    const [with_, without] = await engine.test([call('mocked', {}, [ok, own, located]), call('mocked')])
    expect(with_!.functions).toEqual({ detection: { output: false }, title: { output: "mock ['a', 1.5]" } })
    expect(without!.functions).toEqual({ detection: { output: true }, title: { output: 'real nowhere' } })
  })

  it('mocks of names that the module lacks are reported', async () => {
    const outcome = await outcomeOf('mocked', {}, [own, { objectName: 'nowhere', returnValue: 1 }])
    expect(outcome.missingMocks).toEqual(['nowhere'])
    expect(outcome.functions.title).toEqual({ output: 'mock nowhere' })
  })
})

describe('what a rule reads of its event', () => {
  const noting = (...args: Parameters<typeof call>) => ({ ...call(...args), recordReads: true })

  it('are recorded on demand, once each, in the order of reading, without defaults', async () => {
    const entry = '{"Name": "ann", "a": {"b": [1.0]}, "user": "eve", "p_log_type": "Test.Log"}'
    const [noted, unnoted] = await engine.test([noting('reading', entry), call('reading', entry)])
    expect(noted!.reads).toEqual([
      { field: 'name', value: '"ann"' },
      { field: 'a.b', value: '[1.0]' },
      { field: 'a.missing', value: null },
      { field: 'udm(actor)', value: '"eve"' },
      { field: 'gone', value: null },
    ])
    expect(unnoted).toEqual({ ...noted, reads: null, durationMs: unnoted!.durationMs })
  })

  it('leaves the class of events as it was', async () => {
    const [, second] = await engine.test([noting('reading', { Name: 'ann' }), noting('false')])
    expect(second!.reads).toEqual([])
  })

  it('reads of a resource are not recorded, because it is a plain mapping', async () => {
    const outcomes = await engine.test([noting('plain', { a: 1 }), call('plain', { a: 1 })])
    expect(outcomes.map(({ reads }) => reads)).toEqual([[], []])
  })
})

it('each case has an empty cache', async () => {
  const outcomes = await engine.test([call('cached'), call('cached'), call('cached')])
  expect(outcomes.map(({ functions }) => functions.detection?.output)).toEqual([false, false, false])
})

it.each([
  ['a data model by the own log type', 'udm', { p_log_type: 'Test.Log', user: 'ann', actor: 'x' }],
  ['no data model without one', 'udm', { user: 'x', actor: 'ann' }],
  ['no data model for a scheduled rule', 'scheduled', { p_log_type: 'Test.Log' }],
  ['a plain resource for a policy', 'plain', { resourceId: 'r' }],
])('the functions of a case get %s', async (_, detection, entry) => {
  expect((await outcomeOf(detection, entry)).functions.detection).toEqual({ output: true })
})

it('a traceback has only the frames of the author', async () => {
  const { functions } = await outcomeOf('raising')
  expect(functions.title).toEqual({ output: 't' })
  expect(functions.detection?.error).toEqual({
    type: 'KeyError',
    message: "'absent'",
    repr: "KeyError('absent')",
    frames: [
      { file: 'rules/raising.py', line: 3, function: 'rule', source: 'return dig(event)' },
      {
        file: 'global_helpers/geo.py',
        line: 2,
        function: 'dig',
        source: 'def dig(event): return event["absent"]',
      },
    ],
  })
})

it('the printed text of each case is kept', async () => {
  const outcomes = await engine.test([call('printing', { n: 1 }), call('false'), call('printing', { n: 2 })])
  expect(outcomes.map(({ output }) => output)).toEqual(['rule 1\nerr\n', '', 'rule 2\nerr\n'])
})

it.each([
  ['broken', 'SyntaxError'],
  ['no-body', 'NothingToRun'],
  ['unknown', 'NothingToRun'],
])('a call of a detection that cannot run has an error: %s', async (detection, type) => {
  expect((await outcomeOf(detection)).functions).toMatchObject({ detection: { error: { type } } })
})

it.each(['[1]', 'null', '"text"'])('an entry that is no object, %s, fails its own case', async (entry) => {
  const [odd, good] = await engine.test([call('disabled', entry), call('disabled', { a: { b: 1 } })])
  expect(odd!.functions.detection?.error?.type).toBe('AttributeError')
  expect(good!.functions.detection).toEqual({ output: true })
})

it('a case that ends the interpreter fails alone, and after several its detection is quarantined', async () => {
  const [exits, stays] = await engine.test([call('exits', { exit: true }), call('exits')])
  expect(exits!.functions).toMatchObject({
    detection: { error: { type: 'InterpreterEnded', limit: 'crash' } },
    title: { output: 't' },
  })
  expect(stays!.functions.detection).toEqual({ output: true })

  const again = await outcomeOf('exits', { exit: true })
  expect(again.functions.detection?.error?.message).toContain('quarantined until the next start')
  expect((await outcomeOf('exits')).functions.detection?.error?.type).toBe('Quarantined')
  expect((await outcomeOf('false')).functions.detection).toEqual({ output: false })
})
