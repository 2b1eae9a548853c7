/**
 * Detections that raise, exit or take too much memory are named and stopped, and all other results of the batch are
 * kept.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import type { Engine } from '../../../src/model/events/evaluation.ts'
import { type Log, nullLog } from '../../../src/model/ports.ts'
import type { Detection } from '../../../src/model/project/detection.ts'
import {
  engineProject,
  envelope,
  findingsOf,
  helper,
  reportsOf,
  rule,
  warmEngine,
} from '../../support/engine-project.ts'
import {
  betweenGoodOnes,
  expectStoppedOnBadEvent,
  type FailingDetection,
  good,
} from '../stopped-detection.ts'

const onBad = (statement: string, indent = '        ') =>
  `import os, sys, time, itertools\ndef rule(event):\n    if event.get("bad"):\n${indent}${statement}\n    return True`
/** Bodies, and the error that is reported for each. */
const BAD: FailingDetection[] = [
  ['raises', onBad('raise KeyError("x")'), { type: 'KeyError', message: "'x'" }],
  ['raises-base', onBad('raise BaseException("x")'), { type: 'BaseException' }],
  ['interrupts', onBad('raise KeyboardInterrupt'), { type: 'KeyboardInterrupt' }],
  ['sys-exit', onBad('sys.exit(3)'), { type: 'SystemExit', message: '3' }],
  ['recurses', onBad('(lambda f: f(f))(lambda f: f(f))'), { type: 'RecursionError' }],
  [
    'waits',
    onBad('import select; select.select([0], [], [], 0.1)'),
    { type: 'SandboxError', message: 'detection waits tried to wait for a file or a connection' },
  ],
  ['os-exit', onBad('os._exit(0)'), { type: 'InterpreterEnded', limit: 'crash' }],
  ['allocates too much', onBad('bytearray(2**32)'), { type: 'OverflowError' }],
  ['allocates all there is', onBad('[bytearray(10**7) for _ in range(1000)]'), { type: 'MemoryError' }],
  [
    'raises what can’t be printed',
    `class Silent(Exception):\n    def __str__(self): raise ValueError\n    __repr__ = __str__\n${onBad('raise Silent')}`,
    { type: 'Silent', message: 'Silent', repr: 'Silent' },
  ],
  [
    'deep',
    'nested = ()\nfor _ in range(10**6): nested = (nested,)\ndef rule(event):\n    global nested\n    if event.get("bad"): nested = None\n    return True',
    { type: 'InterpreterEnded', limit: 'crash' },
  ],
]

const start = (detections: Detection[], over: { workers?: number; limits?: object; log?: Log } = {}) =>
  createEngine({
    project: engineProject({ detections, settings: { limits: { quarantineAfter: 99, ...over.limits } } }),
    purpose: 'run',
    workers: over.workers ?? 1,
    log: over.log ?? nullLog,
    prewarmed: warmEngine(),
  })

/** All tests use one engine, because starting one takes longer than using it. */
let engine: Engine
beforeAll(async () => {
  engine = await start(betweenGoodOnes(BAD), { workers: 2 })
})
afterAll(() => engine.close())

describe('a faulty detection', () => {
  it.each(BAD)(
    'a detection that %s on one event is stopped there, and the other results are kept',
    (...failing) => expectStoppedOnBadEvent(engine, failing),
  )
})

describe('a result without end', () => {
  const endless: [name: string, source: string, type: string][] = [
    ['a list of destinations', 'def destinations(event): return ["x"] * 10**6', 'ValueError'],
    ['the name of a destination', 'def destinations(event): return ["x" * 10**6]', 'ValueError'],
    ['a context', 'def alert_context(event): return {"x": "y" * 3 * 10**8}', 'MemoryError'],
    [
      'the name of an exception',
      'def title(event): raise type("E" * 10**6, (Exception,), {})',
      'E'.repeat(1_000),
    ],
  ]
  let together: Engine
  beforeAll(async () => {
    together = await start(
      endless.map(([name, source]) =>
        rule(name, `def rule(event): return True\n${source}`, { logTypes: [name] }),
      ),
    )
  })
  afterAll(() => together.close())

  it.each(endless)(
    'an endless result as %s is an error of its function, with a short text',
    async (name, _, type) => {
      const [event] = await together.evaluate([envelope({}, { type: name })])
      const { detection, ...others } = findingsOf(event!)[name]!
      expect(detection).toEqual({ output: true })
      const [result] = Object.values(others)
      expect(result!.error!.type).toBe(type)
      expect(JSON.stringify(result).length).toBeLessThan(10_000)
    },
  )
})

describe('a detection that ends workers again and again', () => {
  const errors: object[] = []
  let limited: Engine
  beforeAll(async () => {
    const log = { ...nullLog, error: (fields: object) => errors.push(fields) } as Log
    const detections = [rule('exits', onBad('os._exit(0)')), good('good')]
    const sleeps = rule('sleeps', 'import time\ndef rule(event): time.sleep(1e6)', { logTypes: ['sleeps'] })
    limited = await start([...detections, sleeps], { limits: { quarantineAfter: 2 }, log })
  })
  afterAll(() => limited.close())

  it('is quarantined, says so, and runs no more', async () => {
    const events = [1, 1, 1, 0].map((bad) => envelope({ bad: bad === 1 }))
    const evaluated = await limited.evaluate(events)
    expect(evaluated.map(reportsOf)).toEqual([['exits', 'good'], ['exits', 'good'], ['good'], ['good']])
    const [first, second] = evaluated.map((event) => findingsOf(event).exits?.detection?.error?.message)
    const message = 'ended the Python interpreter'
    expect(first).toBe(message)
    expect(second).toBe(`${message}; quarantined until the next start after 2 such calls`)
    expect(errors).toEqual([{ detection: 'exits', endings: 2 }])

    const [later] = await limited.evaluate([envelope({ bad: true })])
    expect(reportsOf(later!)).toEqual(['good'])
  })

  it('the engine closes although a worker ends again and again, and evaluations in progress reject', async () => {
    const underWay = limited.evaluate([envelope({}, { type: 'sleeps' })])
    await Promise.all([expect(underWay).rejects.toThrow('closed'), limited.close()])
    await expect(limited.evaluate([envelope({})])).rejects.toThrow('closed')
  })
})

describe('a worker whose memory has grown', () => {
  it('is replaced after the batch, and what was quarantined stays so', async () => {
    const counts =
      'n = 0\ndef rule(event):\n    global n\n    n += 1\n    bytearray(event.get("bytes", 0))\n    return True\ndef title(event): return str(n)'
    const exits = rule('exits', onBad('os._exit(0)'))
    const roomy = await start([rule('counts', counts), exits], { limits: { quarantineAfter: 1 } })
    const counted = async (bytes: number, bad = false) => {
      const [event] = await roomy.evaluate([envelope({ bytes, bad })])
      const { counts, exits } = findingsOf(event!)
      return [counts!.title!.output, exits !== undefined]
    }
    expect(await counted(0, true)).toEqual(['1', true])
    expect(await counted(0)).toEqual(['2', false])
    expect(await counted(150_000_000)).toEqual(['3', false])
    expect(await counted(0, true)).toEqual(['1', false])
    await roomy.close()
  })
})

describe('a faulty body', () => {
  const cases: [name: string, source: string, error: object][] = [
    [
      'has a syntax error',
      'x = 1\ndef rule(event)\n  pass',
      { type: 'SyntaxError', frames: [{ line: 2, source: 'def rule(event)' }] },
    ],
    [
      'imports what is not there',
      '\n\nimport nowhere',
      { type: 'ModuleNotFoundError', frames: [{ line: 2, source: 'import nowhere' }] },
    ],
    [
      'raises',
      'def f(): raise ValueError("no")\nf()',
      { type: 'ValueError', frames: [{ line: 2 }, { line: 1, function: 'f' }] },
    ],
    [
      'has no rule',
      'def policy(resource): return True',
      { type: 'MissingFunction', message: 'the body defines no function rule' },
    ],
    ['leans on a broken helper', 'from broken import x', { type: 'ImportError', frames: [{ line: 1 }] }],
    ['exits', 'import sys\nsys.exit()', { type: 'SystemExit' }],
    ['kills', 'import os\nos._exit(0)', { type: 'InterpreterEnded', limit: 'crash' }],
  ]
  let loaded: Engine
  beforeAll(async () => {
    const bad = cases.map(([name, source]) => rule(name, source))
    const helpers = [
      helper('broken', '1 / 0'),
      helper('sound', 'import broken_too'),
      helper('broken_too', 'x: ('),
    ]
    const project = engineProject({ helpers, detections: [...bad, good('good')] })
    loaded = await createEngine({
      project,
      purpose: 'run',
      workers: 1,
      log: nullLog,
      prewarmed: warmEngine(),
    })
  })
  afterAll(() => loaded.close())

  it.each(cases)('a body that %s as it loads is a problem with its source location', (name, _, error) => {
    const { frames, ...rest } = error as { frames?: object[] }
    const problem = loaded.problems.find(({ id }) => id === name)
    expect(problem).toMatchObject({ kind: 'detection', error: rest })
    const file = `rules/${name}.py`
    expect(problem!.error.frames).toMatchObject(frames?.map((each) => ({ file, ...each })) ?? [{ file }])
  })

  it('a faulty helper is reported with its error, and each body that imports it with its own line', () => {
    const helpers = loaded.problems.filter(({ kind }) => kind === 'helper')
    expect(helpers).toMatchObject([
      {
        id: 'broken',
        error: { type: 'ZeroDivisionError', frames: [{ file: 'global_helpers/broken.py', line: 1 }] },
      },
      {
        id: 'sound',
        error: {
          type: 'ImportError',
          message: expect.stringContaining('helper broken_too could not be loaded: SyntaxError'),
          frames: [{ file: 'global_helpers/sound.py' }],
        },
      },
      {
        id: 'broken_too',
        error: { type: 'SyntaxError', frames: [{ file: 'global_helpers/broken_too.py' }] },
      },
    ])
  })

  it('a body that could not be loaded is not evaluated, and the others are', async () => {
    const [event] = await loaded.evaluate([envelope({})])
    expect(reportsOf(event!)).toEqual(['good'])
  })
})
