/** With guards and without, the engine reports the same; with them most events need no Python. */
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../../src/model/events/event.ts'
import {
  dataModel,
  type EngineProject,
  engineProject,
  envelope,
  helper,
  policy,
  reportsOf,
  rule,
} from '../../support/engine-project.ts'
import { runBothWays as compareRuns, type EngineRun, runEngine } from './both-ways.ts'

/** Returns the run with guards. */
async function runBothWays(parts: EngineProject, events: readonly Envelope[]): Promise<EngineRun> {
  return (await compareRuns(engineProject(parts), events)).guarded
}

const EQUALS_A = 'def rule(event):\n    return event.get("name") == "a"\n'
const NAMES = ['a', 'b', 'A', null, 1, ['a'], undefined].map((name, seq) => envelope({ name }, { seq }))
const MATCHES_A = [['R'], [], [], [], [], [], []]

describe('guards', () => {
  it('keep events of Python on which every detection stays silent', async () => {
    const { events, withoutPython } = await runBothWays({ detections: [rule('R', EQUALS_A)] }, NAMES)
    expect(events.map(reportsOf)).toEqual(MATCHES_A)
    expect(withoutPython).toBe(6)
  })

  it('guards are not evaluated when they are switched off', async () => {
    const project = engineProject({ detections: [rule('R', EQUALS_A)] })
    expect((await runEngine(project, NAMES, false)).withoutPython).toBe(0)
  })

  it('guards leave errors to Python', async () => {
    const source = 'def rule(event):\n    return event["name"].startswith("a")\n'
    const { events, withoutPython } = await runBothWays({ detections: [rule('R', source)] }, NAMES)
    expect(events.map(reportsOf)).toEqual([['R'], [], [], ['R'], ['R'], ['R'], ['R']])
    expect(withoutPython).toBe(2)
  })

  it('decide for each detection alone, in the order of the findings', async () => {
    const source = (name: string) => `def rule(event):\n    return event.get("name") == "${name}"\n`
    const printing = 'def rule(event):\n    print("seen")\n    return event.get("name") == "b"\n'
    const detections = [
      rule('Z', source('a')),
      rule('P', printing),
      rule('B', source('b')),
      rule('A', source('a')),
    ]
    const { events } = await runBothWays({ detections }, NAMES)
    expect(events.map(reportsOf).slice(0, 2)).toEqual([
      ['Z', 'A'],
      ['P', 'B'],
    ])
  })

  it('follow the data model of the type that the record names', async () => {
    const source = 'def rule(event):\n    return event.udm("user") == "a"\n'
    const detections = [rule('R', source, { logTypes: ['Test.Log', 'Other.Log'] })]
    const dataModels = [
      dataModel({ mappings: [{ name: 'user', path: 'actor.name' }] }),
      dataModel({ id: 'Other', logTypes: ['Other.Log'], mappings: [{ name: 'user', path: 'who' }] }),
    ]
    const records = [
      { actor: { name: 'a' } },
      { who: 'a' },
      { who: 'a', p_log_type: 'Other.Log' },
      { actor: { name: 'a' }, p_log_type: 'Other.Log' },
      { actor: { name: 'a' }, p_log_type: 5 },
    ].map((record, seq) => envelope(record, { seq }))
    const { events } = await runBothWays({ detections, dataModels }, records)
    expect(events.map(reportsOf)).toEqual([['R'], [], ['R'], [], []])
  })

  it('do not follow a data model that cannot be loaded', async () => {
    const source = 'def rule(event):\n    return event.udm("user") == "a"\n'
    const mappings = [{ name: 'user', method: 'user' }]
    const broken = dataModel({
      mappings,
      source: 'def user(event):\n    return event.get("x")\n\nraise ValueError()\n',
    })
    const working = dataModel({ id: 'Second', mappings: [{ name: 'user', path: 'name' }] })
    const { events } = await runBothWays(
      { detections: [rule('R', source)], dataModels: [broken, working] },
      NAMES,
    )
    expect(events.map(reportsOf)).toEqual(MATCHES_A)
  })

  it('decide for policies, whose resources are plain dicts', async () => {
    const source = 'def policy(resource):\n    return resource.get("Name", "") != "a"\n'
    const resources = [{ Name: 'a' }, { name: 'a' }, { Name: 'b' }].map((record, seq) =>
      envelope(record, { seq, kind: 'resource', type: 'Test.Resource' }),
    )
    const { events, withoutPython } = await runBothWays(
      { detections: [policy('P', source, { resourceTypes: ['Test.Resource'] })] },
      resources,
    )
    expect(events.map(reportsOf)).toEqual([['P'], [], []])
    expect(withoutPython).toBe(2)
  })

  it('select few of the detections that compare the same field with the same value', async () => {
    const bodies = [
      ...[0, 1, 2, 3, 4].map((at) => `event.get("source") == "s" and event.get("name") == "n${at}"`),
      'event.get("name") == "n0" and event.get("source") == "s"',
      'event.get("source") == "s" and event.get("name").startswith("x")',
      'event.get("source") == "s" and not event.get("name")',
      'event.get("source") in ("s", "t") and event.get("name") == "n1"',
      'event.get("source") == "s" and (event.get("Source") == "s" or event.get("name") == "n2")',
      'event.get("source") == "s" and event.deep_get("source", "a") is None and event.get("name") == "n3"',
      'event.get("source") == "s" and event.get("source").upper() == "S" and event.get("name") == "n4"',
      'event.get("source") == "s" and event.udm("source") == "s"',
      'event.get("source") == "s" and event.udm("p_log_type") == "Test.Log"',
      'event.get("source") == "s" and event.deep_walk("source") == "s"',
    ]
    const detections = bodies.map((body, at) => rule(`R${at}`, `def rule(event):\n    return ${body}\n`))
    const sources = ['s', 't', 'S', ['s'], { a: 's' }, 1e20, null, undefined]
    const names = ['n0', 'n1', 'n2', 'n3', 'n4', 'x', '', ['n0'], null, undefined]
    const records: object[] = sources.flatMap((source) => names.map((name) => ({ source, name })))
    records.push(
      { Source: 's', name: 'n0' },
      { Source: 's', source: 't', name: 'n0' },
      { é: 1, source: 's', name: 'n1' },
    )
    const events = records.map((record, seq) => envelope(record, { seq }))
    const run = await runBothWays({ detections }, events)
    expect(reportsOf(run.events[0]!)).toEqual(['R0', 'R5', 'R9', 'R12', 'R13', 'R14'])
  })

  it.each([
    'len(event.get("P_ROW_ID", "")) == 32',
    'len(event.deep_get("p_row_id", default="")) == 32',
    'any(len(str(value)) == 32 for value in event.values())',
    'any(len(str(value)) == 32 for _, value in event.items())',
  ])('leave a row id that the record lacks to Python: %s', async (expression) => {
    const source = `def rule(event):\n    return event.get("name") == "a" and ${expression}\n`
    const records = [
      { name: 'a' },
      { name: 'a', p_row_id: 'own' },
      { name: 'a', p_row_id: null },
      { name: 'b' },
    ]
    const { events, withoutPython } = await runBothWays(
      { detections: [rule('R', source)] },
      records.map((record, seq) => envelope(record, { seq })),
    )
    expect(events.map(reportsOf)).toEqual([['R'], [], ['R'], []])
    expect(withoutPython).toBe(2)
  })

  it('guards are not evaluated if Python may be unable to read a number', async () => {
    const parts = { detections: [rule('R', EQUALS_A)], settings: { limits: { numberDigits: 5_000 } } }
    const { events } = await runBothWays(parts, [envelope(`{"name":"b","number":${'9'.repeat(4_500)}}`)])
    expect(events.map(({ outcome }) => outcome.status)).toEqual(['rejected'])
  })
})

const LISTED = helper(
  'names',
  'NAMES = ["a"]\nWANTED = "a"\n\ndef is_wanted(name):\n    return name in NAMES\n',
)
const USES_HELPER = rule(
  'R',
  'from names import is_wanted\n\ndef rule(event):\n    return is_wanted(event.get("name"))\n',
)

/** See guard-changes.test.ts for all the ways. */
const CHANGES: readonly (readonly [title: string, source: string])[] = [
  ['a list of a helper', 'from names import NAMES\nNAMES.append("b")'],
  ['a function of a helper', 'import names\nsetattr(names, "is_wanted", lambda name: name == "b")'],
]

describe('a body that changes, while it is loaded,', () => {
  it.each(CHANGES)('%s turns off the guards that follow it', async (_, source) => {
    const changing = rule('C', `${source}\n\ndef rule(event):\n    return False\n`)
    const { events } = await runBothWays({ detections: [changing, USES_HELPER], helpers: [LISTED] }, NAMES)
    expect(reportsOf(events[1]!)).toEqual(['R'])
  })
})

/** Matchers whose text does not show everything that they do. */
const HOSTILE: readonly (readonly [title: string, source: string])[] = [
  [
    'a star import over a builtin',
    'from shadows import *\ndef rule(event):\n    return str(event.get("name")) == "b"\n',
  ],
  [
    'a class that is named like a builtin',
    'class str:\n    def __new__(cls, value):\n        return "b"\ndef rule(event):\n    return str(event.get("name")) == "b"\n',
  ],
  [
    'a helper with __getattr__',
    'import dynamic\ndef rule(event):\n    return event.get("name") == dynamic.WANTED\n',
  ],
  [
    'a constant that changes with each event',
    'SEEN = []\ndef rule(event):\n    SEEN.append(event.get("name"))\n    return len(SEEN) > 3\n',
  ],
  [
    'a default that keeps values',
    'def rule(event, seen=[]):\n    seen.append(1)\n    return len(seen) > 3\n',
  ],
  [
    'a global that counts',
    'COUNT = 0\ndef rule(event):\n    global COUNT\n    COUNT += 1\n    return COUNT > 3\n',
  ],
  ['a value that is falsy and not False', 'def rule(event):\n    return event.get("name") and False\n'],
  ['an end without a return', 'def rule(event):\n    if event.get("name") == "a":\n        return True\n'],
]

const REDEFINED: readonly (readonly [title: string, source: string])[] = [
  [
    'a matcher that is defined by exec',
    `${EQUALS_A}\nexec("def rule(event):\\n    return event.get('name') == 'b'")`,
  ],
  [
    'a matcher that is assigned in globals',
    `${EQUALS_A}\nglobals()["rule"] = lambda event: event.get("name") == "b"`,
  ],
]

/** What a body does to others, and whether that happens while it is loaded or on an event. */
const TAMPERING: readonly (readonly [title: string, when: 'load' | 'event', change: string])[] = [
  ...(['load', 'event'] as const).flatMap((when) => [
    [
      'the lookup of every event',
      when,
      'import panther_core\npanther_core.PantherEvent.get = lambda *_: "a"',
    ] as const,
    ['a builtin', when, 'import builtins\nbuiltins.str = lambda _: "a"'] as const,
  ]),
  ['a function of a helper', 'event', 'import names\nnames.is_wanted = lambda _: True'],
  ['a constant of a helper', 'event', 'import names\nnames.NAMES.append("b")'],
]

const READING = [
  rule('Get', 'def rule(event):\n    return event.get("name") == "b"\n'),
  rule('Str', 'def rule(event):\n    return str(event.get("name")) == "b"\n'),
  rule(
    'Helper',
    'from names import is_wanted\n\ndef rule(event):\n    return is_wanted(event.get("name"))\n',
  ),
]

describe('a body that changes', () => {
  it.each(TAMPERING)('%s on %s has the same effect with guards', async (_, when, change) => {
    const lines = change.split('\n')
    const atLoad = when === 'load' ? `${lines.join('\n')}\n` : ''
    const onEvent = when === 'event' ? lines.map((line) => `    ${line}\n`).join('') : ''
    const source = `${atLoad}\ndef rule(event):\n${onEvent}    return False\n`
    await runBothWays({ detections: [rule('Tampering', source), ...READING], helpers: [LISTED] }, NAMES)
  })

  it('a constant of its own module after some events is run on each event', async () => {
    const counting = helper(
      'counting',
      'NAMES = ["a"]\nSEEN = []\n\ndef is_wanted(name):\n    SEEN.append(name)\n    if len(SEEN) == 2:\n        NAMES.append(None)\n    return name in NAMES\n',
    )
    const source =
      'from counting import is_wanted\n\ndef rule(event):\n    return is_wanted(event.get("name"))\n'
    const { events } = await runBothWays({ detections: [rule('R', source)], helpers: [counting] }, NAMES)
    expect(events.map(reportsOf)).toEqual([['R'], [], [], ['R'], [], [], ['R']])
  })

  it('the record of an event is seen by the detections after it', async () => {
    const changing = rule('A', 'def rule(event):\n    event._raw["name"] = "z"\n    return False\n')
    const reading = rule('B', 'def rule(event):\n    return event.get("name") == "z"\n')
    const { events } = await runBothWays({ detections: [changing, reading] }, [envelope({ name: 'a' })])
    expect(events.map(reportsOf)).toEqual([['B']])
  })
})

describe('bodies whose text does not show what they do', () => {
  it('bodies whose text does not show what they do are run', async () => {
    const helpers = [
      helper('shadows', 'def str(value):\n    return "b"\n'),
      helper('dynamic', 'def __getattr__(name):\n    return "b"\n'),
    ]
    const detections = HOSTILE.map(([title, source]) => rule(title, source))
    const { events } = await runBothWays({ detections, helpers }, NAMES)
    const reporting = new Set(events.flatMap(reportsOf))
    expect(HOSTILE.filter(([title]) => !reporting.has(title))).toEqual([])
  })

  it.each(REDEFINED)('bodies whose text does not show what they do are run: %s', async (_, source) => {
    const { events } = await runBothWays({ detections: [rule('R', source)] }, NAMES)
    expect(reportsOf(events[1]!)).toEqual(['R'])
  })
})
