/** Groups: enough hits of every step within one window, in any order, and none of the steps that must be absent. Pure. */

import type { Hit, StepHits } from '../match/signal-hit.ts'
import type { Correlation, CorrelationStep } from '../model/project/correlation-definition.ts'
import { type CorrelationTiming, countBetween, type PossibleMatch } from './correlation-hits.ts'

interface StepHit<H extends Hit> {
  readonly step: CorrelationStep
  readonly hit: H
}

/** Yields one possible match for each hit at which a window can begin. */
export function* groupMatches<H extends Hit>(
  { steps, minSteps, lookbackMs }: Correlation,
  hits: StepHits<H>,
  { waitMs }: CorrelationTiming,
): Generator<PossibleMatch<H>> {
  const present = steps.filter((step) => !step.absent)
  const needed = Math.max(1, Math.min(minSteps ?? present.length, present.length))
  const waits = present.length < steps.length
  const ordered = present
    .flatMap((step) => (hits.get(step.id) ?? []).map((hit): StepHit<H> => ({ step, hit })))
    .sort((a, b) => a.hit.at - b.hit.at)

  for (const { counts, added: fresh, from, to } of windows(ordered, lookbackMs)) {
    const enough = new Set(present.filter(({ id, min }) => (counts.get(id) ?? 0) >= min))
    if (enough.size < needed) continue
    const takesPart = ({ step }: StepHit<H>) => enough.has(step)
    // The window may contain hits of steps with too few hits, which are no part of the match.
    const first = ordered[from]!
    if (!takesPart(first)) continue
    const last = ordered[lastIndex(ordered, from, to, takesPart)]!.hit
    // Every window of that length with these hits must respect the maximum of each step, which is 0 for absent steps.
    const disturbed = steps.some(({ id, absent, max }) => {
      const most = absent ? 0 : max
      return (
        most !== null && countBetween(hits.get(id), last.at - lookbackMs, first.hit.at + lookbackMs) > most
      )
    })
    if (disturbed) continue
    yield {
      isNew: [...enough].some(({ id }) => (fresh.get(id) ?? 0) > 0),
      last,
      waitsUntil: waits ? last.at + waitMs : null,
      hits: () => ordered.slice(from, to).filter(takesPart),
    }
  }
}

function lastIndex<T>(items: readonly T[], from: number, to: number, isMeant: (item: T) => boolean): number {
  let index = to - 1
  while (index > from && !isMeant(items[index]!)) index--
  return index
}

interface Window {
  /** The number of hits by step. */
  readonly counts: ReadonlyMap<string, number>
  /** The number of new hits by step. */
  readonly added: ReadonlyMap<string, number>
  /** The index of the first hit in the window, and of the first hit after it. */
  readonly from: number
  readonly to: number
}

/** The counts are the same maps, changed from window to window. */
function* windows<H extends Hit>(ordered: readonly StepHit<H>[], lengthMs: number): Generator<Window> {
  const counts = new Map<string, number>()
  const fresh = new Map<string, number>()
  const add = ({ step: { id }, hit }: StepHit<H>, by: number) => {
    counts.set(id, (counts.get(id) ?? 0) + by)
    if (hit.isNew) fresh.set(id, (fresh.get(id) ?? 0) + by)
  }
  let to = 0
  for (let from = 0; from < ordered.length; from++) {
    for (; to < ordered.length && ordered[to]!.hit.at - ordered[from]!.hit.at <= lengthMs; to++)
      add(ordered[to]!, 1)
    yield { counts, added: fresh, from, to }
    add(ordered[from]!, -1)
  }
}
