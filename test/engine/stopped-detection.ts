/** Detections that fail on a bad event, with a good one before them and one after. */
import { expect } from 'vitest'
import type { FunctionError } from '../../src/model/alerts/finding.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import { envelope, findingsOf, reportsOf, rule } from '../support/engine-project.ts'

/** The source alerts on each event except one with `bad`, for which the error is reported. */
export type FailingDetection = readonly [name: string, source: string, expected: Partial<FunctionError>]

export const good = (id: string, over: Partial<Detection> = {}) =>
  rule(id, 'def rule(event): return True', over)

/** Each of them sees the events of a log type with its name, and the good ones see all events. */
export function betweenGoodOnes(failing: readonly FailingDetection[]): Detection[] {
  const logTypes = failing.map(([name]) => name)
  return [
    good('first', { logTypes }),
    ...failing.map(([name, source]) => rule(name, source, { logTypes: [name] })),
    good('last', { logTypes }),
  ]
}

/** Evaluates a bad event between two others, on which every detection must keep its result. */
export async function expectStoppedOnBadEvent(
  engine: Engine,
  [name, , expected]: FailingDetection,
): Promise<void> {
  const events = [0, 1, 0].map((bad) => envelope({ bad: bad === 1 }, { type: name }))
  const evaluated = await engine.evaluate(events)
  expect(evaluated.map(reportsOf)).toEqual(events.map(() => ['first', name, 'last']))
  const [before, stopped, after] = evaluated.map((event) => findingsOf(event)[name]!.detection)
  expect([before, after]).toEqual([{ output: true }, { output: true }])
  expect(stopped!.error).toMatchObject(expected)
  expect(stopped!.error!.frames.at(-1)?.file).toBe(`rules/${name}.py`)
}
