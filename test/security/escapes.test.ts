/** No attempt of a detection, at any time, leaves a trace on the host or disturbs other detections. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, rule } from '../support/engine-project.ts'
import { seededCache } from '../support/seeded-cache.ts'
import { ATTEMPTS, type Attempt } from './attempts.ts'
import { type Moment, openWorld, type World } from './world.ts'

const ALL: readonly Attempt[] = Object.values(ATTEMPTS).flat()
const MOMENTS: readonly [when: string, moment: Moment][] = [
  ['at an event', 'event'],
  ['as it is loaded', 'load'],
  ['at an event, with the audit hook emptied', 'unguarded'],
  ['at an event, in an interpreter that was restored', 'restored'],
]

let world: World
beforeAll(async () => {
  world = await openWorld()
  Object.assign(process.env, world.environment)
})
afterAll(() => world.close())

describe.each(MOMENTS)('[SEC-1.1] [SEC-1.4] [SEC-1.5] [SEC-1.6] [SEC-1.7] %s', (_, moment) => {
  const idOf = ({ name }: Attempt) => `${moment} ${name}`
  let evaluated: ReadonlyMap<string, EvaluatedEvent>
  beforeAll(async () => {
    // The first start keeps the snapshot that the second one restores.
    if (moment === 'restored') await evaluateAll(moment, [], ALL, idOf)
    evaluated = await evaluateAll(moment, ALL, ALL, idOf)
  })

  it.each(ALL)('$name reaches nothing', (attempt) => {
    const event = evaluated.get(idOf(attempt))!
    expect(world.traces(idOf(attempt), JSON.stringify(event))).toEqual([])
    expect(findingsOf(event)).toMatchObject({
      // The attempt was made. Some bodies are left out at load because of what they changed.
      ...(moment !== 'load' && { [idOf(attempt)]: { detection: expect.anything() } }),
      first: { detection: { output: true } },
      last: { detection: { output: true } },
    })
  })

  it('no attempt made a connection', () => {
    expect(world.requests).toEqual([])
  })

  if (moment !== 'event') return
  it.each([
    ['os.system', 'tried to run a shell command'],
    ['socket', 'tried to open a network connection'],
    ['urllib', 'tried to open a network connection'],
    ['os.fork', 'tried to start a process'],
    ['os.execv', 'tried to run a program'],
    ['writing', 'tried to write a file'],
    ['writing below open()', 'tried to write a file'],
    ['O_PATH', 'tried to open a file in another way than for reading'],
    ['js.eval', 'tried to import js, a way into the host'],
    ['ctypes: system', 'tried to import ctypes, a way into the host'],
  ])('[SEC-1.10] the error of %s says that the detection %s', (name, words) => {
    const id = `event ${name}`
    const { error } = findingsOf(evaluated.get(id)!)[id]!.alert_context!
    expect(error).toMatchObject({
      type: expect.stringMatching(/^Sandbox(Import)?Error$/),
      message: `detection ${id} ${words}`,
    })
  })
})

/** Each attempt on an event of its own; two good detections look at all of them. */
async function evaluateAll(
  moment: Moment,
  made: readonly Attempt[],
  attempts: readonly Attempt[],
  idOf: (attempt: Attempt) => string,
): Promise<ReadonlyMap<string, EvaluatedEvent>> {
  const types = attempts.map(idOf)
  const good = (id: string) => rule(id, 'def rule(event): return True', { logTypes: types })
  const bodies = attempts.map((attempt) => {
    const id = idOf(attempt)
    return rule(id, world.source(attempt, id, moment), { logTypes: [id] })
  })
  const engine = await createEngine({
    project: engineProject({
      detections: [good('first'), ...bodies, good('last')],
      settings: { limits: { timeMs: 5_000, quarantineAfter: 99 } },
    }),
    purpose: 'run',
    workers: 2,
    snapshotCache: seededCache(join(world.folder, `cache-${moment}`)),
    log: nullLog,
  })
  try {
    const asked = made.map(idOf)
    const events = await Promise.all(asked.map((type) => engine.evaluate([envelope({}, { type })])))
    return new Map(events.map(([event], at) => [asked[at]!, event!]))
  } finally {
    await engine.close()
  }
}
