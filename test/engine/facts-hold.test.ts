/** The facts hold when bodies run: every result of a deciding function is one that the analysis has predicted. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import {
  type DecidingFunction,
  literalsOf,
  type ReturnFacts,
  undecidedLocations,
} from '../../src/model/events/facts.ts'
import { nullLog } from '../../src/model/ports.ts'
import { openProject, startEngine } from '../../src/workspace/open-project.ts'

const DECIDING: readonly DecidingFunction[] = ['title', 'dedup', 'severity', 'destinations']

/** Results that the facts exclude although the facts are complete. */
function unforetold(returns: ReturnFacts, output: string | readonly string[] | null): string[] {
  if (undecidedLocations(returns).length > 0 || output === null) return []
  const foretold = literalsOf(returns).map(({ value }) => value.toUpperCase())
  const texts = typeof output === 'string' ? [output] : output
  return texts.filter((text) => !foretold.includes(text.toUpperCase()))
}

it('the detections of this repository return only what the analysis has predicted', async () => {
  const project = await openProject({ root: join(import.meta.dirname, '../..'), log: nullLog })
  const engine = await startEngine(project, 'test', nullLog)
  try {
    const cases = [...project.detections.values()].flatMap(({ id, tests }) =>
      // A mock changes the result that the text shows.
      tests.flatMap(({ entry, mocks }) => (mocks === '[]' ? [{ detection: id, entry, mocks }] : [])),
    )
    const outcomes = await engine.test(cases)
    let checked = 0
    const surprises = cases.flatMap(({ detection }, at) =>
      DECIDING.flatMap((name) => {
        const returns = engine.facts.detections.get(detection)?.returns[name]
        const result = outcomes[at]!.functions[name]
        if (!returns || !result || !('output' in result)) return []
        checked += undecidedLocations(returns).length === 0 ? 1 : 0
        return unforetold(returns, result.output as string | readonly string[] | null).map(
          (text) => `${detection} ${name}: ${text}`,
        )
      }),
    )
    expect(surprises).toEqual([])
    expect(checked).toBeGreaterThan(5)
  } finally {
    await engine.close()
  }
})
