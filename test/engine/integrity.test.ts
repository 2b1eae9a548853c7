/**
 * A body that changes shared state of its worker is detected, named and quarantined, and the results of the others
 * are kept.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { type Log, nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, helper, rule, warmEngine } from '../support/engine-project.ts'

const COMMON = helper('common', 'def words(): return ["a", "b"]')
const OURS = `
import common
def rule(event): return event.get("bad") == "yes" and len(common.words()) == 2
def title(event): return "ours"
`
const SAID = { detection: { output: true }, title: { output: 'ours' } }

/** The code that runs at an event, and the change that the message names. */
const CHANGES: readonly [name: string, code: string, change: string][] = [
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
  ['how answers are written', 'import json; json.dumps = lambda *given, **more: "{}"', 'json.dumps'],
  ['how requests are read', 'import json; json.loads = lambda *given: {}', 'json.loads'],
  ['what a type is', 'import builtins; builtins.isinstance = lambda *given: True', 'builtins.isinstance'],
  ['an answer', 'from signalbox_driver import batch; batch._answer = lambda value: "[]"', 'batch._answer'],
  [
    'an answer to a number',
    'from signalbox_driver import batch; batch._answer = lambda value: 1',
    'batch._answer',
  ],
  ['a pattern', 'import re; re.search = lambda *given: None', 're.search'],
  ['an address', 'import ipaddress; ipaddress.ip_address = lambda *given: None', 'ipaddress.ip_address'],
  [
    'the class of an address',
    'import ipaddress; ipaddress.IPv4Address.is_private = True',
    'IPv4Address.is_private',
  ],
  ['dates', 'import datetime; datetime.datetime = None', 'datetime.datetime'],
  ['collections', 'import collections; collections.Counter = dict', 'collections.Counter'],
  ['hashes', 'import hashlib; hashlib.sha256 = None', 'hashlib.sha256'],
  ['an encoding', 'import base64; base64.b64decode = lambda *given: b""', 'base64.b64decode'],
  ['names of files', 'import fnmatch; fnmatch.fnmatch = lambda *given: False', 'fnmatch.fnmatch'],
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
  const log: Log = { ...nullLog, error: (fields, message) => said.push([fields, message]) }
  let engine: Engine
  beforeAll(async () => {
    const ours = rule('ours', OURS, { logTypes: CHANGES.map(([name]) => name) })
    const project = engineProject({ detections: [...CHANGES.map(changing), ours], helpers: [COMMON] })
    engine = await createEngine({ project, purpose: 'run', workers: 1, prewarmed: warmEngine(), log })
  })
  afterAll(() => engine.close())

  it.each(CHANGES)('%s is named and set aside, and the others’ results stand', async (name, _, change) => {
    const events = await engine.evaluate([1, 2].map(() => envelope({ bad: 'yes' }, { type: name })))
    const id = `changes ${name}`
    expect(events.map((event) => findingsOf(event).ours)).toEqual([SAID, SAID])
    expect(findingsOf(events[0]!)[id]!.detection!.error).toMatchObject({
      type: 'Tampering',
      limit: 'tampering',
      message: expect.stringContaining(change),
    })
    const [later] = await engine.evaluate([envelope({ bad: 'yes' }, { type: name })])
    expect(findingsOf(later!)).toEqual({ ours: SAID })
    expect(said).toContainEqual([
      expect.objectContaining({ detection: id }),
      expect.stringContaining('quarantined'),
    ])
  })
})

describe('a detection that ends its worker after it changed what all share', () => {
  it.each([
    ['a body that runs later', 'def evil(*given): os._exit(1)\n    builtins.sorted = evil'],
    ['the driver', 'from signalbox_driver import views\n    views.view = None; batch._answer = None'],
  ])(
    'a detection that ends its worker after it changed shared state is quarantined, and not %s',
    async (_, code) => {
      const source = `
import builtins, os
from signalbox_driver import batch
def rule(event):
    ${code}
    return False
`
      const said: [fields: object, message: string][] = []
      const log: Log = { ...nullLog, error: (fields, message) => said.push([fields, message]) }
      const project = engineProject({
        detections: [
          rule('changes', source),
          rule('ours', `${OURS}\ndef dedup(event): return sorted(["d"])[0]`),
        ],
        helpers: [COMMON],
        settings: { limits: { quarantineAfter: 1 } },
      })
      const engine = await createEngine({ project, purpose: 'run', workers: 1, prewarmed: warmEngine(), log })
      const [event] = await engine.evaluate([envelope({ bad: 'yes' })])
      await engine.close()
      expect(findingsOf(event!)).toMatchObject({
        changes: { detection: { error: { type: 'Tampering' } } },
        ours: { ...SAID, dedup: { output: 'd' } },
      })
      expect(said.map(([fields]) => fields)).toEqual([expect.objectContaining({ detection: 'changes' })])
    },
  )
})

describe('beside a body that changes what all share as it is loaded', () => {
  const STATE = helper(
    'state',
    'LIST = ["a", "b"]\nNAMES = {"a": 1}\nSET = {1}\nREPLACED = []\nSAME = ["a"]\n_cache = {}\ndef use(): return len(LIST)',
  )
  const KEEPS = `
import state
def rule(event):
    state.LIST.append("c")
    state.NAMES["b"] = 2
    state.SET.clear()
    state.REPLACED = []
    state._cache["a"] = state.use()
    return True
`
  const REPLACES = 'import common\ndef rule(event):\n    common.words.__code__ = (lambda: []).__code__'
  const EARLY = 'from panther_core import PantherEvent\nPantherEvent.get = None\ndef rule(event): return True'
  const said: [fields: object, message: string][] = []
  const log: Log = { ...nullLog, warn: (fields, message) => said.push([fields, message]) }
  let engine: Engine
  beforeAll(async () => {
    const project = engineProject({
      detections: [
        rule('early', EARLY, { logTypes: ['ours'] }),
        rule('keeps', KEEPS, { logTypes: ['keeps'] }),
        rule('replaces', REPLACES, { logTypes: ['replaces'] }),
        rule('ours', OURS, { logTypes: ['ours', 'replaces'] }),
      ],
      helpers: [COMMON, STATE],
    })
    engine = await createEngine({ project, purpose: 'run', workers: 1, prewarmed: warmEngine(), log })
  })
  afterAll(() => engine.close())

  it('other bodies run, and a body that changes shared state as it is loaded is left out, whatever else it does', async () => {
    expect(engine.problems).toMatchObject([
      { id: 'early', error: { type: 'Tampering', message: expect.stringContaining('PantherEvent.get') } },
    ])
    const [event] = await engine.evaluate([envelope({ bad: 'yes' }, { type: 'ours' })])
    expect(findingsOf(event!)).toEqual({ ours: SAID })
  })

  it('a changed public list or dictionary of a helper makes one warning with its name', async () => {
    for (let at = 0; at < 2; at++) {
      const [event] = await engine.evaluate([envelope({}, { type: 'keeps' })])
      expect(findingsOf(event!)).toEqual({ keeps: { detection: { output: true } } })
    }
    const message = 'a detection changed a value of a helper that all detections share'
    const names = ['state.LIST', 'state.NAMES', 'state.SET']
    expect(said).toEqual(names.map((name) => [{ name }, message]))
  })

  it('the code of a function can’t be replaced, and its owner says what it said', async () => {
    const [event] = await engine.evaluate([envelope({ bad: 'yes' }, { type: 'replaces' })])
    expect(findingsOf(event!)).toMatchObject({
      replaces: { detection: { error: { type: 'SandboxError' } } },
      ours: SAID,
    })
  })
})

describe('a test case that changes what all share', () => {
  it('only the test case that changes shared state fails', async () => {
    const source = 'import builtins\ndef rule(event):\n    builtins.len = lambda what: 0\n    return False'
    const bad = rule('bad', source)
    const project = engineProject({ detections: [bad, rule('ours', OURS)], helpers: [COMMON] })
    const engine = await createEngine({
      project,
      purpose: 'test',
      workers: 1,
      prewarmed: warmEngine(),
      log: nullLog,
    })
    const calls = ['bad', 'ours'].map((detection) => ({ detection, entry: '{"bad": "yes"}', mocks: '[]' }))
    const [first, second] = await engine.test(calls)
    expect(first!.functions.detection!.error).toMatchObject({ type: 'Tampering' })
    expect(second!.functions).toMatchObject(SAID)
    await engine.close()
  })
})
