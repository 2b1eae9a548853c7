/** A match of a correlation rule -> the results that the functions of a body would have. Pure. */

import type { Hit } from '../match/signal-hit.ts'
import type { FunctionResults } from '../model/alerts/finding.ts'
import type { CorrelationMatch } from './correlation.ts'

/** The context names no more signals than these; it counts them all. */
const MAX_SIGNALS_LISTED = 50

/** @param about what a reader wants to know of one signal. */
export function correlationResults<H extends Hit>(
  { values, hits }: CorrelationMatch<H>,
  about: (hit: H) => Readonly<Record<string, unknown>> = () => ({}),
): FunctionResults {
  const all = hits()
  const signals = all
    .slice(0, MAX_SIGNALS_LISTED)
    .map(({ step, hit }) => ({ step: step.id, rule: step.rule, ...about(hit) }))
  return {
    detection: { output: true },
    ...(values.length > 0 && { dedup: { output: dedupOf(values) } }),
    alert_context: { output: JSON.stringify({ match: matchOf(values), count: all.length, signals }) },
  }
}

/** The value in the form that other rules compare. */
function matchOf(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? values[0]! : values
}

/** One value as it is; several as a JSON list, so that no two matches share a text. */
function dedupOf(values: readonly string[]): string {
  return values.length === 1 ? values[0]! : JSON.stringify(values)
}
