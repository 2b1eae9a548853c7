/** Events that the engine evaluates with guards and without: both must report the same. */
import { expect } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import type { EvaluatedEvent } from '../../../src/model/events/evaluation.ts'
import type { Envelope } from '../../../src/model/events/event.ts'
import { nullLog } from '../../../src/model/ports.ts'
import type { Project } from '../../../src/model/project/project.ts'
import { SNAPSHOT_DIRECTORY, warmEngine } from '../../support/engine-project.ts'

export interface EngineRun {
  readonly events: readonly EvaluatedEvent[]
  readonly withoutPython: number
}

export async function runEngine(
  project: Project,
  events: readonly Envelope[],
  guards: boolean,
): Promise<EngineRun> {
  const engine = await createEngine({
    project,
    purpose: 'run',
    workers: 1,
    guards,
    snapshotCache: SNAPSHOT_DIRECTORY,
    prewarmed: warmEngine(),
    log: nullLog,
  })
  try {
    const evaluated = await engine.evaluate(events)
    return { events: evaluated, withoutPython: engine.eventsWithoutPython() }
  } finally {
    await engine.close()
  }
}

/** Returns both runs after comparing what they report. */
export async function runBothWays(
  project: Project,
  events: readonly Envelope[],
): Promise<{ readonly guarded: EngineRun; readonly unguarded: EngineRun }> {
  const unguarded = await runEngine(project, events, false)
  const guarded = await runEngine(project, events, true)
  expect(guarded.events).toEqual(unguarded.events)
  return { guarded, unguarded }
}
