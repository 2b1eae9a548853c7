/** A body that changes what all bodies of its worker share: noticed, named, set aside, and what the others said stands. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/evaluation.ts'
import { type Log, silentLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, helper, IMAGES, rule } from '../support/engine-project.ts'

const COMMON = helper('common', 'def words(): return ["a", "b"]')
const OURS = `
import common
def rule(event): return event.get("bad") == "yes" and len(common.words()) == 2
def title(event): return "ours"
`
const SAID = { detection: { output: true }, title: { output: 'ours' } }

/** What it does at an event, and how that is told. */
const CHANGES: readonly [name: string, code: string, told: string][] = [
  ['the event class', 'type(event).get = lambda *given: None', 'PantherEvent.get'],
  ['a class beneath it', 'type(event).__mro__[1].__getitem__ = lambda *given: None', '__getitem__'],
  ['a helper', 'import common; common.words = lambda: []', 'common.words'],
  ['a builtin', 'import builtins; builtins.len = lambda what: 0', 'builtins.len'],
  [
    'the driver',
    'from signalbox_driver import outputs; outputs.checked = lambda *given: False',
    'outputs.checked',
  ],
  ['json', 'import json; json.loads = lambda text: None', 'json.loads'],
  ['a module', 'import sys; sys.modules["json"] = sys', 'modules.json'],
  ['another body', 'theirs().__globals__["title"] = lambda event: "forged"', 'ours.title'],
  ['the tracing', 'import sys; sys.settrace(lambda *given: None)', 'tracing'],
]

function changing([name, code]: (typeof CHANGES)[number]) {
  const source = `
import gc
def theirs():
    return [f for f in gc.get_objects() if getattr(getattr(f, "__code__", None), "co_filename", "") == "rules/ours.py" and f.__name__ == "rule"][0]
def rule(event):
    ${code.replaceAll('; ', '\n    ')}
    return False
`
  return rule(`changes ${name}`, source, { logTypes: [name] })
}

describe('a detection that changes', () => {
  const said: [fields: object, message: string][] = []
  const log: Log = { ...silentLog, error: (fields, message) => said.push([fields, message]) }
  let engine: Engine
  beforeAll(async () => {
    const ours = rule('ours', OURS, { logTypes: CHANGES.map(([name]) => name) })
    const project = engineProject({ detections: [...CHANGES.map(changing), ours], helpers: [COMMON] })
    engine = await createEngine({ project, purpose: 'run', workers: 1, imageCache: IMAGES, log })
  })
  afterAll(() => engine.close())

  it.each(CHANGES)('%s is named and set aside, and the others’ results stand', async (name, _, told) => {
    const events = await engine.evaluate([1, 2].map(() => envelope({ bad: 'yes' }, { type: name })))
    const id = `changes ${name}`
    expect(events.map((event) => findingsOf(event).ours)).toEqual([SAID, SAID])
    expect(findingsOf(events[0]!)[id]!.detection!.error).toMatchObject({
      type: 'Tampering',
      limit: 'tampering',
      message: expect.stringContaining(told),
    })
    const [later] = await engine.evaluate([envelope({ bad: 'yes' }, { type: name })])
    expect(findingsOf(later!)).toEqual({ ours: SAID })
    expect(said).toContainEqual([
      expect.objectContaining({ detection: id }),
      expect.stringContaining('quarantined'),
    ])
  })
})

describe('the code of a function', () => {
  it('can’t be replaced, and its owner says what it said', async () => {
    const code = 'import common\ndef rule(event):\n    common.words.__code__ = (lambda: []).__code__'
    const project = engineProject({
      detections: [rule('replaces', code), rule('ours', OURS)],
      helpers: [COMMON],
    })
    const engine = await createEngine({
      project,
      purpose: 'run',
      workers: 1,
      imageCache: IMAGES,
      log: silentLog,
    })
    const [event] = await engine.evaluate([envelope({ bad: 'yes' })])
    expect(findingsOf(event!)).toMatchObject({
      replaces: { detection: { error: { type: 'SandboxError' } } },
      ours: SAID,
    })
    await engine.close()
  })
})

describe('a body that changes as it is loaded', () => {
  it('what all share is left out, whatever else it does', async () => {
    const early = rule(
      'early',
      'from panther_core import PantherEvent\nPantherEvent.get = None\ndef rule(event): return True',
    )
    const project = engineProject({ detections: [early, rule('ours', OURS)], helpers: [COMMON] })
    const engine = await createEngine({
      project,
      purpose: 'run',
      workers: 1,
      imageCache: IMAGES,
      log: silentLog,
    })
    expect(engine.problems).toMatchObject([
      { id: 'early', error: { type: 'Tampering', message: expect.stringContaining('PantherEvent.get') } },
    ])
    const [event] = await engine.evaluate([envelope({ bad: 'yes' })])
    expect(findingsOf(event!)).toEqual({ ours: SAID })
    await engine.close()
  })
})

describe('a test case that changes what all share', () => {
  it('fails alone', async () => {
    const source = 'import builtins\ndef rule(event):\n    builtins.len = lambda what: 0\n    return False'
    const bad = rule('bad', source)
    const project = engineProject({ detections: [bad, rule('ours', OURS)], helpers: [COMMON] })
    const engine = await createEngine({
      project,
      purpose: 'test',
      workers: 1,
      imageCache: IMAGES,
      log: silentLog,
    })
    const calls = ['bad', 'ours'].map((detection) => ({ detection, entry: '{"bad": "yes"}', mocks: '[]' }))
    const [first, second] = await engine.test(calls)
    expect(first!.functions.detection!.error).toMatchObject({ type: 'Tampering' })
    expect(second!.functions).toMatchObject(SAID)
    await engine.close()
  })
})
