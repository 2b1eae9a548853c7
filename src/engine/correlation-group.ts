/** Groups: enough hits of every step within one window, in any order, and none of the steps that must be absent. Pure. */
import type { Correlation, CorrelationStep } from '../model/correlation.ts'
import type { CorrelationTiming, Found, Hit, StepHits } from './correlation-hits.ts'

interface Placed<H extends Hit> {
  readonly step: CorrelationStep
  readonly hit: H
}

/** One for each hit that a window may begin at. */
export function* groupMatches<H extends Hit>(
  { steps, minSteps, lookbackMs }: Correlation,
  hits: StepHits<H>,
  { waitMs }: CorrelationTiming,
): Generator<Found<H>> {
  const present = steps.filter((step) => !step.absent)
  const absent = steps.some((step) => step.absent)
  const needed = Math.min(minSteps ?? present.length, present.length)
  const placed = present
    .flatMap((step) => (hits.get(step.id) ?? []).map((hit): Placed<H> => ({ step, hit })))
    .sort((a, b) => a.hit.at - b.hit.at)

  for (const { counts, from, to } of windows(placed, lookbackMs)) {
    const enough = present.filter(({ id, min }) => (counts.get(id) ?? 0) >= min)
    if (enough.length < Math.max(1, needed)) continue
    const within = placed.slice(from, to).filter(({ step }) => enough.includes(step))
    const [first, last] = [within[0]!.hit.at, within.at(-1)!.hit.at]
    // No window of that length that holds these hits may hold too many: of what must be absent, any.
    const isNear = ({ at }: Hit) => at >= last - lookbackMs && at <= first + lookbackMs
    const disturbed = steps.some(({ id, absent: isAbsent, max }) => {
      const most = isAbsent ? 0 : max
      return most !== null && (hits.get(id) ?? []).filter(isNear).length > most
    })
    if (!disturbed) yield { hits: within, waitsUntil: absent ? last + waitMs : null }
  }
}

interface Window {
  readonly counts: ReadonlyMap<string, number>
  /** Of the placed hits: the first in it, and the first after it. */
  readonly from: number
  readonly to: number
}

/** The counts are the same map, changed from window to window. */
function* windows<H extends Hit>(placed: readonly Placed<H>[], lengthMs: number): Generator<Window> {
  const counts = new Map<string, number>()
  const add = ({ step }: Placed<H>, by: number) => counts.set(step.id, (counts.get(step.id) ?? 0) + by)
  let to = 0
  for (let from = 0; from < placed.length; from++) {
    for (; to < placed.length && placed[to]!.hit.at - placed[from]!.hit.at <= lengthMs; to++)
      add(placed[to]!, 1)
    yield { counts, from, to }
    add(placed[from]!, -1)
  }
}
