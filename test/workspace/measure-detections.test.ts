/** Tests that the measurement of many events is split into requests that the engine can take. No time is asserted. */
import { expect, it } from 'vitest'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { syntheticOutcome } from '../../src/model/events/outcome.ts'
import { measureDetections } from '../../src/workspace/guards/measure-detections.ts'
import { rule } from '../support/engine-project.ts'

const LOGIN = rule('Login', 'def rule(event): return event.get("matches")')

/** An engine that answers without Python, and the calls of each request to it. */
function recordingEngine() {
  const requests: string[][] = []
  const engine: Pick<Engine, 'test' | 'guards'> = {
    test: async (calls) => {
      requests.push(calls.map(({ entry }) => entry))
      return calls.map(({ entry }) =>
        syntheticOutcome({ detection: { output: (JSON.parse(entry) as { matches: boolean }).matches } }),
      )
    },
    guards: async (calls) => calls.map(() => null),
  }
  return { engine, requests }
}

it.each([
  ['many events', 1_200, 1],
  ['long events', 12, 1_000_000],
  ['an event that is longer than a request should be', 2, 5_000_000],
])('the measurement of %s is split, and every event counts once', async (_, count, chars) => {
  const { engine, requests } = recordingEngine()
  const entries = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ i, matches: i % 2 === 0, text: 'x'.repeat(chars) }),
  )
  const [measured] = await measureDetections(engine, [{ detection: LOGIN, entries }], 2, () => {})
  expect(measured).toMatchObject({ events: count, matched: count / 2 })
  expect(requests.flat()).toEqual(entries.flatMap((entry) => [entry, entry]))
  expect(requests.length).toBeGreaterThan(1)
  for (const request of requests) {
    const isOneEvent = new Set(request).size === 1
    expect(isOneEvent || request.join('').length <= 4 * 1024 * 1024).toBe(true)
    expect(request.length).toBeLessThanOrEqual(1_000)
  }
})
