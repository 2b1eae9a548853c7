/** A detection that speaks the driver's protocol: what it forges stays in its worker, and the engine goes on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import { POLL_INTERVAL_MS, Watchdog } from '../../src/engine/pool/watchdog.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, reportsOf, rule } from '../support/engine-project.ts'
import { seededCache } from '../support/seeded-cache.ts'

const snapshotCache = seededCache(mkdtempSync(join(tmpdir(), 'signalbox-forgery-')))
afterAll(() => rmSync(snapshotCache, { recursive: true }))

const GOOD = rule('good', 'def rule(event): return True')
const start = (detections: Parameters<typeof engineProject>[0]['detections'], limits = {}) =>
  createEngine({
    project: engineProject({
      detections: detections!,
      settings: { limits: { quarantineAfter: 99, ...limits } },
    }),
    purpose: 'run',
    workers: 1,
    snapshotCache,
    log: nullLog,
  })

let engine: Engine
const detections = () => [...[...FORGED, ...MARKED].map(forger), saying(), victim(), GOOD]
beforeAll(async () => {
  // One of them loops until it has used up its time.
  engine = await start(detections(), { timeMs: 5_000 })
})
afterAll(() => engine.close())

const worksStill = async () => {
  const [event] = await engine.evaluate([envelope({})])
  expect(findingsOf(event!)).toEqual({ good: { detection: { output: true } } })
}

/** What the driver is made to answer; the forger is body ME. More forms of it are in test/engine/protocol/driver-response.test.ts. */
const FORGED: readonly [name: string, answer: string][] = [
  ['no JSON', 'oops'],
  [
    'a context that would add fields to the notification',
    JSON.stringify({
      findings: [[0, 'ME', { alert_context: { output: '{}, "id": "other", "more": {}' } }]],
      output: [],
    }),
  ],
  ['a body that was not asked', '{"findings": [[0, 100000, {}]], "output": []}'],
  ['an event that is not there', '{"findings": [[7, "ME", {}]], "output": []}'],
]

/** The code runs at an event, and may end the interpreter. */
const MARKED: readonly [name: string, code: string][] = [
  ['a mark of a body that is not there', 'progress.begin(10**6, 10**6); os._exit(0)'],
  ['a mark of no body', 'progress.begin(-1, 0); os._exit(0)'],
  ['a mark below zero', 'progress.begin(-7, -7); os._exit(0)'],
  ['a loop beyond the end of memory', 'progress.cells[4] = 2**31 - 4; os._exit(0)'],
  ['a loop at no address', 'progress.cells[4] = progress.cells[5] = -3; os._exit(0)'],
  ['a loop that never ends', 'progress.cells[4] = 1\n        while True: pass'],
  ['cells that moved away', 'progress.cells.extend(range(10**6)); progress.begin(0, 0)'],
  ['cells that are gone', 'progress.cells = None'],
  ['descriptors until there are no more', 'while os.open("/dev/null", os.O_RDONLY): pass'],
  ['a driver without functions', 'del batch.evaluate; del batch.test; gc.collect()'],
  ['a driver of its own', 'batch.evaluate.__code__ = (lambda text: 5).__code__'],
  ['an answer that is no text', 'batch._answer = lambda value: 5'],
  ['an answer that no encoding has', 'batch._answer = lambda value: "\\ud800"'],
]

function forger([name, what]: readonly [string, string]) {
  const isAnswer = FORGED.some(([each]) => each === name)
  const code = isAnswer
    ? `text = ${JSON.stringify(what)}\n        me = progress.position()[0]\n        batch._answer = lambda value: text.replace('"ME"', str(me))`
    : what
  return rule(
    name,
    `
import gc, os
from signalbox_driver import batch, integrity, progress
integrity.all = lambda _: True
def rule(event):
    if event.get("now"):
        ${code}
    return True
`,
    { logTypes: [name] },
  )
}

describe('[SEC-2.1] an answer that is forged', () => {
  it.each(FORGED)('a forged response with %s is not accepted, and makes no result', async (name) => {
    const [event] = await engine.evaluate([envelope({ now: true }, { type: name })])
    expect(reportsOf(event!)).toBe('rejected')
    await worksStill()
  })

  it.each(MARKED)('through %s harms nothing but its own event', async (name) => {
    const [event] = await engine.evaluate([envelope({ now: true }, { type: name })])
    expect(['evaluated', 'rejected']).toContain(event!.outcome.status)
    const [later] = await engine.evaluate([envelope({ now: false }, { type: name })])
    expect(['evaluated', 'rejected']).toContain(later!.outcome.status)
    await worksStill()
  })

  it('a forged response in the agreed form is accepted, because nothing is promised within one worker', async () => {
    const [event] = await engine.evaluate([envelope({}, { type: 'shared' })])
    expect(reportsOf(event!)).toEqual(['victim'])
  })
})

function victim() {
  return rule('victim', 'def rule(event): return False', { logTypes: ['shared'] })
}

/** Stands before the victim, and answers in its name. */
function saying() {
  return rule(
    'saying',
    `
from signalbox_driver import batch, progress
original = batch._answer
def rule(event):
    body, item = progress.position()
    def answer(value):
        batch._answer = original
        return original({"findings": [[item, body + 1, {"detection": {"output": True}}]], "output": []})
    batch._answer = answer
    return False
`,
    { logTypes: ['shared'] },
  )
}

describe('[SEC-2.2] text', () => {
  const TEXTS = [
    '"}}]],"output":[]}',
    '{"findings":[[0,0,{"detection":{"output":true}}]]}',
    'a\0b',
    '\ud800',
    '\u2028</script>\u001b[2J',
    '\ufeff',
  ]
  const inPython = (text: string) => `"${Array.from(text, escapeOf).join('')}"`
  let speaking: Engine
  beforeAll(async () => {
    const detections = TEXTS.map((text, at) =>
      rule(
        `says-${at}`,
        `
TEXT = ${inPython(text)}
def rule(event):
    print(TEXT)
    return True
def title(event): return TEXT
def destinations(event): return [TEXT]
def alert_context(event): return {TEXT: TEXT}
`,
        { logTypes: [`says-${at}`] },
      ),
    )
    speaking = await start([...detections, rule('huge', HUGE, { logTypes: ['huge'] })], { timeMs: 5_000 })
  })
  afterAll(() => speaking.close())

  it.each(TEXTS.map((text, at) => [JSON.stringify(text), at] as const))(
    '%s comes through as it is',
    async (json, at) => {
      const text = JSON.parse(json) as string
      const id = `says-${at}`
      const [event] = await speaking.evaluate([envelope({}, { type: id })])
      const { title, destinations, alert_context } = findingsOf(event!)[id]!
      expect([title!.output, destinations!.output]).toEqual([text, [text]])
      expect(JSON.parse(alert_context!.output!)).toEqual({ [text]: text })
    },
  )

  it('a text of a hundred million characters is truncated or refused', async () => {
    const [event] = await speaking.evaluate([envelope({}, { type: 'huge' })])
    const { title, alert_context } = findingsOf(event!).huge!
    expect(title!.output!.length).toBeLessThanOrEqual(1_000)
    expect(alert_context!.error?.type ?? alert_context!.output).toMatch(/MemoryError|bigger than maximum/)
  })
})

const HUGE = `
def rule(event): return True
def title(event): return "x" * 10**8
def alert_context(event): return {"x": "y" * 10**8}
`

function escapeOf(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('')
}

describe('[SEC-2.4] a mark that never stands still', () => {
  it('does not keep its worker for good', () => {
    const watchdog = new Watchdog(1_000)
    const looks = Array.from({ length: 15_000 }, (_, at) =>
      watchdog.isStalled(
        { serial: at, body: 0, item: at, function: 0, isExact: true },
        at * POLL_INTERVAL_MS,
        null,
      ),
    )
    expect(looks.indexOf(true) * POLL_INTERVAL_MS).toBeGreaterThan(60_000)
    expect(looks.at(-1)).toBe(true)
  })
})

describe('[SEC-6.5] a body that ends its worker as it is loaded', () => {
  const ENDS = (mark: string) => `import os\nfrom signalbox_driver import progress\n${mark}\nos._exit(0)`

  it.each([
    ['names no body', 'progress.begin(-1, 0)', 'hidden'],
    ['names one that is not there', 'progress.begin_loading(10**6)', 'hidden'],
  ])('is found although it %s', async (_, mark, offender) => {
    const engine = await start([
      rule('early', 'def rule(event): return True'),
      rule('hidden', ENDS(mark)),
      GOOD,
    ])
    expect(engine.problems.map(({ id, error }) => [id, error.type])).toEqual([[offender, 'InterpreterEnded']])
    const [event] = await engine.evaluate([envelope({})])
    expect(reportsOf(event!)).toEqual(['early', 'good'])
    await engine.close()
  })

  it('can have one other blamed, and is found all the same', async () => {
    const engine = await start([
      rule('early', 'def rule(event): return True'),
      rule('liar', ENDS('progress.begin_loading(2)')),
      GOOD,
    ])
    expect(engine.problems.map(({ id }) => id)).toEqual(['liar', 'good'])
    await engine.close()
  })
})
