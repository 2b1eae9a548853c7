/** Sequences: step after step, each within its time of the one before, and none of the absent steps in between. Pure. */

import type { Hit, StepHits } from '../match/signal-hit.ts'
import type { Correlation, CorrelationStep } from '../model/project/correlation-definition.ts'
import { type CorrelationTiming, countBetween, firstFrom, type PossibleMatch } from './correlation-hits.ts'

interface Absent {
  readonly step: CorrelationStep
  readonly withinMs: number
}

/** A present step, as many of its hits in a row as it needs, and how it hangs on the present step before. */
interface Link<H extends Hit> {
  readonly step: CorrelationStep
  readonly hits: readonly H[]
  /** The time from the last hit of the step before to the last of this one. */
  readonly withinMs: number
  /** Steps that must not happen between the two; before the first step: within the time given. */
  readonly without: readonly Absent[]
}

type HitLookup = (step: CorrelationStep, from: number, to: number) => boolean

/** Yields one possible match for each hit of the first step from which a chain leads to the end. */
export function* sequenceMatches<H extends Hit>(
  correlation: Correlation,
  hits: StepHits<H>,
  { waitMs }: CorrelationTiming,
): Generator<PossibleMatch<H>> {
  const { links, after } = linksOf(correlation, hits)
  const [first] = links
  if (!first) return
  const { lookbackMs } = correlation
  const happened: HitLookup = ({ id }, from, to) => countBetween(hits.get(id), from, to) > 0
  const tooMany = ({ id, max }: CorrelationStep, from: number) =>
    max !== null && countBetween(hits.get(id), from, from + lookbackMs) > max
  const waits = after.map(({ step, withinMs }) => (isTimed(correlation, step) ? withinMs : waitMs))

  for (const chain of chains(links, happened)) {
    const found = chain.flatMap((start, index) => {
      const { step, hits: ofStep } = links[index]!
      return ofStep.slice(start, start + step.min).map((hit) => ({ step, hit }))
    })
    const began = found[0]!.hit.at
    const last = found.at(-1)!.hit
    if (last.at - began > lookbackMs || links.some(({ step }) => tooMany(step, began))) continue
    if (first.without.some(({ step, withinMs }) => happened(step, began - withinMs, began))) continue
    if (after.some(({ step, withinMs }) => happened(step, last.at, last.at + withinMs))) continue
    yield {
      isNew: found.some(({ hit }) => hit.isNew),
      last,
      waitsUntil: waits.length > 0 ? last.at + Math.max(...waits) : null,
      hits: () => found,
    }
  }
}

/**
 * Yields the earliest chain of hits for each hit of the first step: the index of the first hit of each link.
 * It is computed from the end: for each link, which hits lead to the end. The earliest continuation also ends earliest.
 */
function* chains<H extends Hit>(links: readonly Link<H>[], occurred: HitLookup): Generator<number[]> {
  /** The list has, for each link and index, the first index from there on that leads to the end. */
  const leading: Int32Array[] = []
  const next = (index: number, from: number): number | null => {
    const link = links[index]!
    const following = links[index + 1]!
    const ended = link.hits[from + link.step.min - 1]!.at
    const at = leading[index + 1]![firstFrom(following.hits, ended)]!
    if (at === NONE || following.hits[at + following.step.min - 1]!.at - ended > following.withinMs)
      return null
    const began = following.hits[at]!.at
    return following.without.some(({ step }) => occurred(step, ended, began)) ? null : at
  }
  for (let index = links.length - 1; index >= 0; index--) {
    const { step, hits } = links[index]!
    const first = new Int32Array(hits.length + 1).fill(NONE)
    leading[index] = first
    for (let at = hits.length - step.min; at >= 0; at--) {
      const leads = index === links.length - 1 || next(index, at) !== null
      first[at] = leads ? at : first[at + 1]!
    }
  }
  for (let at = leading[0]![0]!; at !== NONE; at = leading[0]![at + 1]!) {
    const chain = [at]
    while (chain.length < links.length) chain.push(next(chain.length - 1, chain.at(-1)!)!)
    yield chain
  }
}

const NONE = -1

/** The present steps in order; what must be absent hangs on the one before or after it. */
function linksOf<H extends Hit>(correlation: Correlation, hits: StepHits<H>) {
  const links: Link<H>[] = []
  let waiting: CorrelationStep[] = []
  let before: CorrelationStep | undefined
  for (const step of correlation.steps) {
    if (step.absent) {
      waiting.push(step)
      continue
    }
    const without = waiting.map((each) => ({ step: each, withinMs: within(correlation, each.id, step.id) }))
    const withinMs = before ? within(correlation, before.id, step.id) : 0
    links.push({ step, hits: hits.get(step.id) ?? [], withinMs, without })
    waiting = []
    before = step
  }
  const after: Absent[] = waiting.map((each) => ({
    step: each,
    withinMs: within(correlation, before?.id ?? '', each.id),
  }))
  return { links, after }
}

/** Nothing reaches further than the window. */
function within({ transitions, lookbackMs }: Correlation, from: string, to: string): number {
  const said = transitions.find((each) => each.from === from && each.to === to)?.withinMs
  return Math.min(said ?? lookbackMs, lookbackMs)
}

/** Whether a transition to the step says how long it may take. */
function isTimed({ transitions }: Correlation, { id }: CorrelationStep): boolean {
  return transitions.some(({ to, withinMs }) => to === id && withinMs !== null)
}
