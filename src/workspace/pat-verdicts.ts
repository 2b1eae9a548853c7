/**
 * Finds the cases on which Panther's tool (1.11.1) and Signalbox disagree, for `validate --pat`. Panther's tool compares
 * `ExpectedDestinations` with the result of `destinations()`, Signalbox with the route of the alert.
 */

import type { FunctionResult } from '../model/alerts/finding.ts'
import type { Engine } from '../model/events/evaluation.ts'
import type { Detection, TestCase } from '../model/project/detection.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'
import { type CaseRun, runCases } from '../testing/case-runs.ts'

const NOTHING_ELSE = { followLines: false, recordAllReads: false }

export async function reportPatVerdicts(
  project: Project,
  engine: Pick<Engine, 'test' | 'problems'>,
  allowUnknownDestinations: boolean,
): Promise<Problem[]> {
  const broken = new Set(engine.problems.map(({ id }) => id))
  const cases = [...project.detections.values()]
    .filter(({ id, type }) => (type === 'rule' || type === 'scheduled_rule') && !broken.has(id))
    .flatMap((detection) => inlineCases(detection).map((test) => ({ detection, test })))
  if (cases.length === 0) return []
  const { registry, handling } = project
  const verdict = { registry, handling, allowUnknownDestinations, failOnProblems: false }
  const runs = await runCases(cases, engine, verdict, NOTHING_ELSE)
  return runs.flatMap(differenceOf)
}

/** Only Signalbox reads an `.expect.yml`, so its cases are excluded. */
function inlineCases({ tests }: Detection): TestCase[] {
  return tests.filter(({ expectations, fromExpectationsFile }) =>
    expectations.ExpectedDestinations === undefined
      ? false
      : !fromExpectationsFile?.includes('ExpectedDestinations'),
  )
}

function differenceOf({ detection, test, result }: CaseRun): Problem[] {
  const expected = test.expectations.ExpectedDestinations as readonly string[]
  const reason = patRefusal(expected, result.matched === true, result.functions.destinations)
  const fails = result.failures.some(({ what }) => what === 'ExpectedDestinations' || what === 'route')
  if ((reason !== null) === fails) return []
  const about = `"${test.name}" of ${detection.id}`
  const message = fails
    ? `${about} fails here and passes in Panther's tool, which compares only the result of destinations()`
    : `${about} passes here and fails in Panther's tool: ${reason}`
  const hint = fails
    ? null
    : `move ExpectedDestinations into the .expect.yml beside the spec, which only Signalbox reads`
  return [{ severity: 'error', keepsFile: true, code: 'pat-destinations', message, ...test.location, hint }]
}

/** Returns the reason why Panther's tool fails the expectation; null when it passes. */
function patRefusal(
  expected: readonly string[],
  matched: boolean,
  result: FunctionResult | undefined,
): string | null {
  if (!matched) return 'rule() returned False, so there is nothing to compare'
  if (!result) return 'the body has no destinations()'
  if (result.error) return 'destinations() raised'
  const { output } = result
  if (!Array.isArray(output)) return 'destinations() returned None'
  if (new Set(output).size < output.length) return 'destinations() returned a name twice'
  const same = output.length === expected.length && output.every((name) => expected.includes(name))
  return same ? null : `destinations() returned [${output.join(', ')}]`
}
