/**
 * Signals of several rules -> the matches of a correlation rule. Pure; times are the signals' own, their order of
 * arrival plays no part. First the hits are parted by the values their steps share, then each part is looked at alone.
 */

import type { Hit, StepHits } from '../match/signal-hit.ts'
import type { Correlation, Criterion } from '../model/project/correlation-definition.ts'
import { groupMatches } from './correlation-group.ts'
import type { CorrelationTiming, PossibleMatch } from './correlation-hits.ts'
import { sequenceMatches } from './correlation-sequence.ts'

export interface CorrelationMatch<H extends Hit> extends PossibleMatch<H> {
  /** One per criterion. */
  readonly values: readonly string[]
}

/**
 * Yields the first accepted match of each value. There may be one for every hit, and most are equal.
 * @param accepts selects matches; the default accepts all.
 */
export function* matches<H extends Hit>(
  correlation: Correlation,
  hits: StepHits<H>,
  timing: CorrelationTiming,
  accepts: (found: PossibleMatch<H>) => boolean = () => true,
): Generator<CorrelationMatch<H>> {
  const sorted = new Map([...hits].map(([step, list]) => [step, list.toSorted((a, b) => a.at - b.at)]))
  const find = correlation.form === 'group' ? groupMatches : sequenceMatches
  for (const { values, hits: part } of parts(correlation, correlation.criteria, sorted)) {
    for (const found of find(correlation, part, timing)) {
      if (!accepts(found)) continue
      yield { ...found, values }
      break
    }
  }
}

interface Part<H extends Hit> {
  readonly values: readonly string[]
  readonly hits: StepHits<H>
}

function* parts<H extends Hit>(
  correlation: Correlation,
  [criterion, ...others]: readonly Criterion[],
  hits: StepHits<H>,
): Generator<Part<H>> {
  if (!criterion) return yield { values: [], hits }
  const absent = new Set(correlation.steps.filter((step) => step.absent).map(({ id }) => id))
  for (const [value, shared] of byValue(criterion, hits, absent)) {
    for (const part of parts(correlation, others, new Map([...hits, ...shared]))) {
      yield { values: [value, ...part.values], hits: part.hits }
    }
  }
}

/** Value -> of each step that the criterion names, the hits with that value. Only present steps bring values in. */
function byValue<H extends Hit>(
  { fields }: Criterion,
  hits: StepHits<H>,
  absent: ReadonlySet<string>,
): Map<string, Map<string, H[]>> {
  const named = Map.groupBy(fields, ({ step }) => step)
  const found = new Map<string, Map<string, H[]>>()
  for (const [step, ofStep] of [...named].sort(([a], [b]) => Number(absent.has(a)) - Number(absent.has(b)))) {
    for (const hit of hits.get(step) ?? []) {
      for (const value of valuesInAll(
        hit,
        ofStep.map(({ field }) => field.name),
      )) {
        if (!found.has(value) && absent.has(step)) continue
        const steps = found.get(value) ?? new Map([...named.keys()].map((id): [string, H[]] => [id, []]))
        steps.get(step)!.push(hit)
        found.set(value, steps)
      }
    }
  }
  return found
}

function valuesInAll(hit: Hit, [first, ...others]: readonly string[]): readonly string[] {
  const values = first === undefined ? [] : [...new Set(hit.values(first))]
  return values.filter((value) => others.every((field) => hit.values(field).includes(value)))
}

/** Whether a match may have to wait for what must be absent. */
export function canWait({ form, steps }: Correlation): boolean {
  return form === 'group' ? steps.some(({ absent }) => absent) : steps.at(-1)?.absent === true
}

/**
 * How long after a hit the absence of another may be judged. A run looks back over its window, and windows of a
 * schedule overlap by what the window is longer than the interval: that much later, another run judges nothing new.
 */
export function absenceWaitMs(lookbackMs: number, intervalMs: number): number {
  return Math.max(0, lookbackMs - intervalMs)
}
