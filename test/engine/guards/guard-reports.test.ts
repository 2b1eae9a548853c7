/** What authors see of guards: the reason why there is none, and what decides for one event. */
import { afterEach, describe, expect, it } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import type { Engine } from '../../../src/model/events/evaluation.ts'
import type { GuardExplanation, GuardState } from '../../../src/model/events/guard-report.ts'
import { reasonOf } from '../../../src/model/events/guard-words.ts'
import { nullLog } from '../../../src/model/ports.ts'
import {
  dataModel,
  type EngineProject,
  engineProject,
  helper,
  policy,
  rule,
  SNAPSHOT_DIRECTORY,
  warmEngine,
} from '../../support/engine-project.ts'

const open: Engine[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((engine) => engine.close()))
})

async function startEngine(parts: EngineProject, guards = true): Promise<Engine> {
  const engine = await createEngine({
    project: engineProject(parts),
    purpose: 'test',
    workers: 1,
    guards,
    snapshotCache: SNAPSHOT_DIRECTORY,
    prewarmed: warmEngine(),
    log: nullLog,
  })
  open.push(engine)
  return engine
}

async function stateOf(parts: EngineProject): Promise<GuardState> {
  const engine = await startEngine(parts)
  const [report] = await engine.guards([{ detection: parts.detections![0]!.id, entry: null }])
  return report!.states[0]!
}

async function explain(parts: EngineProject, event: object): Promise<GuardExplanation> {
  const engine = await startEngine(parts)
  const entry = JSON.stringify(event)
  const [report] = await engine.guards([{ detection: parts.detections![0]!.id, entry }])
  return report!.explanation!
}

const LOGIN = rule(
  'Login',
  `
  from checks import is_failure

  def rule(event):
      if event.get("action") != "login":
          return False
      return is_failure(event) and event.get(
          "user"
      ) != "ann"
`,
)
const CHECKS = helper('checks', 'def is_failure(event):\n    return event.get("outcome") == "failure"\n')
const PARTS = { detections: [LOGIN], helpers: [CHECKS] }

describe('an explanation', () => {
  it('shows the test that is false, and that the index leaves the detection out', async () => {
    const explanation = await explain(PARTS, { action: 'logout' })
    expect(explanation).toMatchObject({
      answer: 'silent',
      conditions: ['event.get("action") == "login"'],
      conditionsFrom: 'guard',
      held: [],
      lookups: [{ text: 'event.get("action")', value: '"logout"' }],
    })
    expect(reasonOf(explanation)).toMatchObject({
      message: '`event.get("action") != "login"` is True',
      part: { location: { file: 'rules/Login.py', line: 4, column: 8 } },
    })
  })

  it('shows the tests of helpers with their own locations', async () => {
    const { answer, held, steps } = await explain(PARTS, { action: 'login', outcome: 'success' })
    expect({ answer, held }).toEqual({ answer: 'silent', held: ['event.get("action") == "login"'] })
    expect(
      steps.map(({ location, text, depth, value }) => [location.file, location.line, text, depth, value]),
    ).toEqual([
      ['rules/Login.py', 4, 'event.get("action") != "login"', 0, 'False'],
      ['rules/Login.py', 6, 'is_failure(event)', 0, 'False'],
      ['global_helpers/checks.py', 2, 'event.get("outcome") == "failure"', 1, 'False'],
    ])
  })

  it('says that Python is called where the detection matches', async () => {
    const explanation = await explain(PARTS, { action: 'login', outcome: 'failure', user: 'bob' })
    expect(explanation.answer).toBe('python')
    expect(reasonOf(explanation).message).toBe('it returns True')
    expect(explanation.steps.at(-1)!.text).toBe('event.get( "user" ) != "ann"')
  })

  it.each<[string, string, object, string, string]>([
    [
      'a list',
      'event.get("name", "").startswith("a")',
      { name: ['a'] },
      'it raises AttributeError: `event.get("name", "")` is a list',
      'event.get("name", "").startswith("a")',
    ],
    [
      'a text with other than ASCII characters',
      'event.get("name", "").lower() == "a"',
      { name: 'É' },
      '`event.get("name", "")` is a text (a text with other than ASCII characters)',
      'event.get("name", "").lower()',
    ],
    [
      'a call that is not followed',
      'event.get("name") == "a" and json.loads(event.get("text"))["x"]',
      { name: 'a' },
      'this is not followed: json.loads()',
      'json.loads(event.get("text"))',
    ],
  ])('says why Python is asked: %s', async (_, expression, event, message, text) => {
    const source = `import json\ndef rule(event):\n    return ${expression}\n`
    const explanation = await explain({ detections: [rule('R', source)] }, event)
    expect(explanation.answer).toBe('python')
    expect(reasonOf(explanation)).toMatchObject({ message, part: { text, location: { line: 3 } } })
  })

  it('shows fields of the data model of the log type that the event names', async () => {
    const detections = [rule('R', 'def rule(event):\n    return event.udm("user") == "ann"\n')]
    const dataModels = [dataModel({ mappings: [{ name: 'user', path: 'actor.name' }] })]
    const event = { p_log_type: 'Test.Log', actor: { name: 'bob' } }
    const { answer, lookups, conditions } = await explain({ detections, dataModels }, event)
    expect(answer).toBe('silent')
    expect(lookups).toEqual([{ text: 'event.udm("user")', value: '"bob"' }])
    expect(conditions).toEqual(['event.deep_get("actor", "name") == "ann"'])
  })

  it('shows the resource of a policy', async () => {
    const detections = [policy('P', 'def policy(resource):\n    return resource["Public"] is False\n')]
    const explanation = await explain({ detections }, { Public: false })
    expect(explanation).toMatchObject({ answer: 'silent', conditionsFrom: null })
    expect(reasonOf(explanation).message).toBe('`resource["Public"] is False` is True')
  })

  it('counts characters and not bytes for the column of a part', async () => {
    const source = 'def rule(event):\n    return "é" != "a" and event.get("name") == "ü"\n'
    const { steps } = await explain({ detections: [rule('R', source)] }, {})
    expect(steps.at(-1)).toMatchObject({ text: 'event.get("name") == "ü"', location: { column: 27 } })
  })

  it('is given where guards are off', async () => {
    const engine = await startEngine(PARTS, false)
    const [report] = await engine.guards([{ detection: 'Login', entry: '{}' }])
    expect(report!.explanation).toMatchObject({ answer: 'python', noGuard: { kind: 'off' } })
  })
})

describe('the state of a guard', () => {
  const body = (source: string) => ({ detections: [rule('R', source)] })

  it('has a reason and its part where the matcher is not one plain function', async () => {
    const { noGuard } = await stateOf(body('if True:\n    def rule(event):\n        return False\n'))
    expect(noGuard).toMatchObject({
      kind: 'shape',
      message: 'rule is not one plain function',
      part: { location: { file: 'rules/R.py', line: 2 }, text: 'def rule(event):' },
    })
  })

  it('names the part of another body that turns all guards off', async () => {
    const other = rule('Other', 'exec("1")\ndef rule(event):\n    return False\n')
    const { noGuard } = await stateOf({ detections: [LOGIN, other], helpers: [CHECKS] })
    expect(noGuard).toMatchObject({
      kind: 'group',
      message: 'rules/Other.py can change what names mean',
      part: { location: { file: 'rules/Other.py', line: 1, column: 1 }, text: 'exec("1")' },
    })
  })

  it('does not count what a disabled detection does, because run does not load it', async () => {
    const source = 'exec("1")\ndef rule(event):\n    return False\n'
    const other = rule('Other', source, { enabled: false })
    expect((await stateOf({ detections: [LOGIN, other], helpers: [CHECKS] })).noGuard).toBeNull()
  })

  it.each<[string, string, string, string]>([
    [
      'a method of a field that is absent',
      'return event.get("name").startswith("a")',
      'it raises AttributeError: `event.get("name")` is None',
      'event.get("name").startswith("a")',
    ],
    [
      'an alert without any field',
      'return event.get("name") != "a"',
      'it returns True',
      'event.get("name") != "a"',
    ],
    [
      'a result that is not a truth value',
      'return event.get("name") and False',
      'it returns None, which is neither True nor False',
      'event.get("name") and False',
    ],
    ['a call', 'return time.time() > 1', 'this is not followed: time.time()', 'time.time()'],
  ])('has a reason where there are no index conditions: %s', async (_, statement, message, text) => {
    const { noGuard, conditionsFrom, noConditions } = await stateOf(
      body(`import time\ndef rule(event):\n    ${statement}\n`),
    )
    expect({ noGuard, conditionsFrom }).toEqual({ noGuard: null, conditionsFrom: null })
    expect(noConditions).toMatchObject({ message, part: { text, location: { file: 'rules/R.py', line: 3 } } })
  })
})

/** It changes its own constant by a name that its text does not show, so its guard is wrong; see decision 19. */
const HIDING = rule(
  'Hiding',
  'WANTED = "a"\n\ndef rule(event):\n    return event.get("name") == WANTED\n\ngetattr(rule, "__glo" + "bals__")["WANTED"] = "b"\n',
)

describe('a test call', () => {
  const call = { detection: 'Hiding', entry: '{"name":"b"}', mocks: '[]' }

  it('reports a guard that calls a matcher silent which is not', async () => {
    const engine = await startEngine({ detections: [HIDING] })
    const [outcome] = await engine.test([call])
    expect(outcome!.functions.detection).toEqual({ output: true })
    expect(outcome!.contradictedBy).toMatchObject({
      answer: 'silent',
      conditions: ['event.get("name") == "a"'],
    })
  })

  it('compares no guard with mocked names, and none without guards', async () => {
    const mocks = JSON.stringify([{ objectName: 'WANTED', returnValue: 'c' }])
    const guarded = await startEngine({ detections: [HIDING] })
    const unguarded = await startEngine({ detections: [HIDING] }, false)
    const [mocked] = await guarded.test([{ ...call, entry: '{"name":"c"}', mocks }])
    const [off] = await unguarded.test([call])
    expect([mocked!.contradictedBy, off!.contradictedBy]).toEqual([undefined, undefined])
  })
})
