/** Detections that never end: stopped at the time limit and named, while everything else in the batch stands. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import {
  engineProject,
  envelope,
  findingsOf,
  reportsOf,
  rule,
  warmEngine,
} from '../support/engine-project.ts'
import { betweenGoodOnes, expectStoppedOnBadEvent, type FailingDetection, good } from './stopped-detection.ts'

const onBad = (statement: string) =>
  `import time\ndef rule(event):\n    if event.get("bad"):\n        ${statement}\n    return True`
/** Bodies that never end on a bad event, and the error that is reported for each. */
const ENDLESS: FailingDetection[] = [
  ['loops', onBad('while True: pass'), { type: 'TimeLimitExceeded', limit: 'time' }],
  [
    'loops-bare-except',
    'def rule(event):\n    while event.get("bad"):\n        try: x = 1\n        except: pass\n    return True',
    { type: 'TimeLimitExceeded', limit: 'time' },
  ],
  ['regex', onBad('import re; re.match("(a+)+$", "a" * 40 + "b")'), { limit: 'time' }],
  ['c-loop', onBad('sum(range(10**12))'), { type: 'TimeLimitExceeded', limit: 'time' }],
  ['sleeps', onBad('time.sleep(1e6)'), { type: 'TimeLimitExceeded', limit: 'time' }],
  [
    'swallows',
    'def rule(event):\n    while event.get("bad"):\n        try:\n            while True: pass\n        except BaseException: pass\n    return True',
    { type: 'TimeLimitExceeded', limit: 'time' },
  ],
  ['floods', onBad('while True: print("x" * 1000)'), { type: 'TimeLimitExceeded', limit: 'time' }],
]

const title = (body: string) =>
  `import time\ndef rule(event): return True\ndef title(event): ${body}\ndef dedup(event): return "d"`
const SLOW = '\n    end = time.time() + 0.04\n    while time.time() < end: pass\n    return "t"'

/** The functions that end do almost nothing, so that they stay far below these limits on any core. */
const start = (detections: Detection[], workers: number, limits: { timeMs: number }) => {
  const project = engineProject({ detections, settings: { limits: { quarantineAfter: 99, ...limits } } })
  return createEngine({ project, purpose: 'run', workers, log: nullLog, prewarmed: warmEngine() })
}

let engine: Engine
beforeAll(async () => {
  engine = await start(
    [
      ...betweenGoodOnes(ENDLESS),
      rule('title-sleeps', title('time.sleep(1e6)'), { logTypes: ['title-sleeps'] }),
      rule('title-slow', title(SLOW), { logTypes: ['title-slow'] }),
    ],
    2,
    { timeMs: 200 },
  )
})
afterAll(() => engine.close())

describe('a detection that never ends', () => {
  it.each(ENDLESS)(
    'a detection that %s on one event is stopped there, and the other results are kept',
    (...failing) => expectStoppedOnBadEvent(engine, failing),
  )
})

describe('one function that hangs', () => {
  it('only the function that hangs forever is reported, and the matcher and the other functions keep their results', async () => {
    const [event] = await engine.evaluate([envelope({}, { type: 'title-sleeps' })])
    const message = 'took longer than the limit of 200 ms'
    const frame = {
      file: 'rules/title-sleeps.py',
      line: 3,
      function: 'title',
      source: 'def title(event): time.sleep(1e6)',
    }
    expect(findingsOf(event!)['title-sleeps']).toEqual({
      detection: { output: true },
      title: {
        error: {
          type: 'TimeLimitExceeded',
          message,
          repr: `TimeLimitExceeded('${message}')`,
          frames: [frame],
          limit: 'time',
        },
      },
      dedup: { output: 'd' },
    })
  })

  it('a function that hangs uses the budget of the functions after it', async () => {
    // The worker itself stops the function only if it gets this time of a core before the main thread stops it from outside.
    const loops = await start([rule('title-loops', title('\n    while True: pass'))], 1, { timeMs: 2_000 })
    onTestFinished(() => loops.close())
    const [event] = await loops.evaluate([envelope({})])
    const { detection, title: stopped, dedup } = findingsOf(event!)['title-loops']!
    expect(detection).toEqual({ output: true })
    expect(stopped!.error).toMatchObject({ limit: 'time', frames: [{ line: 4, function: 'title' }] })
    expect(dedup!.error).toMatchObject({ limit: 'time', message: expect.stringMatching(/^not run/) })
  })

  it('a function that hangs uses only the budget of its own event', async () => {
    const evaluated = await engine.evaluate(
      Array.from({ length: 8 }, () => envelope({}, { type: 'title-slow' })),
    )
    expect(evaluated.map((event) => findingsOf(event)['title-slow']?.dedup)).toEqual(
      evaluated.map(() => ({ output: 'd' })),
    )
  })
})

describe('a body that never ends', () => {
  const cases: [name: string, source: string, error: object][] = [
    ['loops', 'while True: pass', { type: 'TimeLimitExceeded', limit: 'time' }],
    ['hangs', 'import time\ntime.sleep(1e6)', { type: 'TimeLimitExceeded', limit: 'time' }],
  ]
  let loaded: Engine
  beforeAll(async () => {
    const detections = [...cases.map(([name, source]) => rule(name, source)), good('good')]
    // Loading may take ten times as long as a call.
    loaded = await start(detections, 1, { timeMs: 100 })
  })
  afterAll(() => loaded.close())

  it.each(cases)('a body that %s as it loads is a problem with its source location', (name, _, error) => {
    const problem = loaded.problems.find(({ id }) => id === name)
    expect(problem).toMatchObject({ kind: 'detection', error })
    expect(problem!.error.frames).toMatchObject([{ file: `rules/${name}.py` }])
  })

  it('a body that could not be loaded is not evaluated, and the others are', async () => {
    const [event] = await loaded.evaluate([envelope({})])
    expect(reportsOf(event!)).toEqual(['good'])
  })
})
