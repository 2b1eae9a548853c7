/** Calls on texts and values that are nested very deeply: each is an error of its event, and no worker ends by it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { type Log, nullLog } from '../../src/model/ports.ts'
import {
  engineProject,
  envelope,
  findingsOf,
  reportsOf,
  rule,
  warmEngine,
} from '../support/engine-project.ts'

const LEVELS = 200_000
const TOO_DEEP = 'RecursionError'

/** A loop over the field wraps `nested` once for each of its characters. */
const build = (wrapped: string) => `nested = None\n    for _ in text: nested = ${wrapped}`
const LISTS = build('[nested]')
const PAIR = `${LISTS}\n    other = nested\n    ${LISTS}`

/** A call, the text of the field, and the type of the exception, or what the call returns. */
const CALLS: readonly [call: string, text: string, outcome: string, before?: string][] = [
  ['json.loads(text)', '['.repeat(LEVELS), TOO_DEEP],
  ['json.loads(text) # closed', '['.repeat(LEVELS) + ']'.repeat(LEVELS), TOO_DEEP],
  ['json.loads(text) # objects', '{"a":'.repeat(LEVELS), TOO_DEEP],
  ['json.loads(text, object_hook=str)', '{"a":['.repeat(LEVELS), TOO_DEEP],
  ['json.dumps(nested)', 'x'.repeat(LEVELS), TOO_DEEP, LISTS],
  ['json.dumps(nested) # objects', 'x'.repeat(LEVELS), TOO_DEEP, build('{"a": nested}')],
  ['copy.deepcopy(nested)', 'x'.repeat(LEVELS), TOO_DEEP, LISTS],
  ['pickle.dumps(nested)', 'x'.repeat(LEVELS), TOO_DEEP, LISTS],
  ['nested == other', 'x'.repeat(LEVELS), TOO_DEEP, PAIR],
  ['nested < other', 'x'.repeat(LEVELS), TOO_DEEP, PAIR],
  ['nested in [other]', 'x'.repeat(LEVELS), TOO_DEEP, PAIR],
  ['hash(nested) is not None', 'x'.repeat(LEVELS), 'True', build('frozenset([nested])')],
  ['ast.literal_eval(text)', '['.repeat(LEVELS), 'SyntaxError'],
  ['ast.literal_eval(text) # signs', '-'.repeat(LEVELS), 'MemoryError'],
  ['re.compile(text)', '('.repeat(LEVELS), TOO_DEEP],
  ['re.match("(a|b)*c", text)', 'ab'.repeat(LEVELS), 'None'],
  ['ET.fromstring(text).tag', '<a>'.repeat(LEVELS) + '</a>'.repeat(LEVELS), "'a'"],
  ['ET.fromstring(text)', '<a>'.repeat(LEVELS), 'ParseError'],
  ['len(text) # lists are freed', 'x'.repeat(LEVELS), String(LEVELS), `${LISTS}\n    nested = None`],
  [
    'len(text) # objects are freed',
    'x'.repeat(LEVELS),
    String(LEVELS),
    `${build('Node(nested)')}\n    nested = None`,
  ],
]

const calling = ([call, , , before = 'pass']: (typeof CALLS)[number]) =>
  rule(
    call,
    `
import ast, copy, json, pickle, re
import xml.etree.ElementTree as ET
class Node:
    def __init__(self, inner): self.inner = inner
def rule(event): return True
def title(event):
    text = event["text"]
    ${before}
    return repr(${call.split(' #')[0]})
`,
    { logTypes: [call] },
  )

const logged: object[] = []
const log = {
  ...nullLog,
  warn: (fields: object) => logged.push(fields),
  error: (fields: object) => logged.push(fields),
} as Log
beforeEach(() => void logged.splice(0))

describe('on a text of hundreds of thousands of levels', () => {
  let engine: Engine
  beforeAll(async () => {
    const detections = CALLS.flatMap((call) => [
      calling(call),
      rule(`beside ${call[0]}`, 'def rule(event): return True', { logTypes: [call[0]] }),
    ])
    const settings = { limits: { quarantineAfter: 1 } }
    const project = engineProject({ detections, settings })
    engine = await createEngine({ project, purpose: 'run', workers: 1, log, prewarmed: warmEngine() })
  })
  afterAll(() => engine.close())

  it.each(CALLS)('%s ends no worker and quarantines nothing', async (call, text, outcome) => {
    const [event] = await engine.evaluate([envelope({ text }, { type: call })])
    const found = findingsOf(event!)
    const { output, error } = found[call]!.title!
    expect(error?.type ?? output).toBe(outcome)
    expect(found[`beside ${call}`]).toEqual({ detection: { output: true } })
    expect(logged).toEqual([])
  })
})

describe('a stack that overflows although Python has a limit', () => {
  /** Iterators are freed by functions that do not check the limit. */
  const source = `
def rule(event):
    nested = ()
    for _ in range(event["levels"]): nested = map(str, nested)
    nested = None
    return True
`
  const LEVELS = 1_500_000
  const start = () => {
    const detections = [rule('deep', source), rule('beside', 'def rule(event): return True')]
    const project = engineProject({ detections, settings: { limits: { quarantineAfter: 1 } } })
    return createEngine({ project, purpose: 'run', workers: 1, log, prewarmed: warmEngine() })
  }

  it('an overflow is an error of an event that is large enough to be the cause', async () => {
    const engine = await start()
    const long = envelope({ levels: LEVELS, text: 'x'.repeat(200_000) })
    const evaluated = await engine.evaluate([long, envelope({ levels: 1 })])
    expect(evaluated.map(reportsOf)).toEqual([
      ['deep', 'beside'],
      ['deep', 'beside'],
    ])
    const [stopped, after] = evaluated.map((event) => findingsOf(event).deep!.detection!)
    expect(stopped!.error).toMatchObject({
      type: 'InterpreterEnded',
      message: 'ended the Python interpreter',
    })
    expect(after).toEqual({ output: true })
    await engine.close()
  })

  it('quarantines a detection that overflows it by itself', async () => {
    const engine = await start()
    const [event] = await engine.evaluate([envelope({ levels: LEVELS })])
    expect(findingsOf(event!).deep!.detection!.error!.message).toContain('quarantined')
    await engine.close()
  })
})
