/** Sequences: step after step, each within its time of the one before, and none of the absent steps in between. Pure. */
import type { Correlation, CorrelationStep } from '../model/correlation.ts'
import type { CorrelationTiming, Found, Hit, StepHits } from './correlation-hits.ts'

/** A present step, as many of its hits in a row as it needs, and how it hangs on the present step before. */
interface Link<H extends Hit> {
  readonly step: CorrelationStep
  readonly hits: readonly H[]
  /** From the last hit of the step before to the last of this one. */
  readonly withinMs: number
  /** Steps that must not happen between the two; before the first step: within the time given. */
  readonly without: readonly { readonly step: CorrelationStep; readonly withinMs: number }[]
}

/** One for each place where the first step may be met. */
export function* sequenceMatches<H extends Hit>(
  correlation: Correlation,
  hits: StepHits<H>,
  { waitMs }: CorrelationTiming,
): Generator<Found<H>> {
  const { links, after } = linksOf(correlation, hits)
  const [first] = links
  if (!first) return
  const happened = (step: CorrelationStep, from: number, to: number) =>
    (hits.get(step.id) ?? []).some(({ at }) => at >= from && at <= to)
  const search = new Search(links, correlation.lookbackMs, happened)

  for (let start = 0; start + first.step.min <= first.hits.length; start++) {
    const chain = search.from(start)
    if (!chain) continue
    const found = chain.flatMap((at, link) => {
      const { step, hits: ofStep } = links[link]!
      return ofStep.slice(at, at + step.min).map((hit) => ({ step, hit }))
    })
    const last = found.at(-1)!.hit.at
    if (after.some(({ step, withinMs }) => happened(step, last, last + withinMs))) continue
    const waits = after.map(({ step, withinMs }) => (isTimed(correlation, step) ? withinMs : waitMs))
    yield { hits: found, waitsUntil: waits.length > 0 ? last + Math.max(...waits) : null }
  }
}

/** Finds for a start the earliest steps that complete the sequence. */
class Search<H extends Hit> {
  readonly #links: readonly Link<H>[]
  readonly #lookbackMs: number
  readonly #happened: (step: CorrelationStep, from: number, to: number) => boolean
  /** Places from which nothing goes on, whatever came before. */
  readonly #dead = new Set<string>()

  constructor(
    links: readonly Link<H>[],
    lookbackMs: number,
    happened: (step: CorrelationStep, from: number, to: number) => boolean,
  ) {
    this.#links = links
    this.#lookbackMs = lookbackMs
    this.#happened = happened
  }

  /** Of each link the place of its first hit; null: there is no such sequence. */
  from(start: number): number[] | null {
    const { step, hits, without } = this.#links[0]!
    const at = hits[start]!.at
    if (without.some((each) => this.#happened(each.step, at - each.withinMs, at))) return null
    if (tooMany(step, hits, at, this.#lookbackMs)) return null
    return this.#goOn(0, start, at)
  }

  #goOn(place: number, start: number, began: number): number[] | null {
    const link = this.#links[place]!
    const next = this.#links[place + 1]
    if (!next) return [start]
    const name = `${place}:${start}`
    if (this.#dead.has(name)) return null
    const ended = link.hits[start + link.step.min - 1]!.at
    if (tooMany(next.step, next.hits, began, this.#lookbackMs)) return null
    for (let at = firstFrom(next.hits, ended); at + next.step.min <= next.hits.length; at++) {
      const [first, last] = [next.hits[at]!.at, next.hits[at + next.step.min - 1]!.at]
      if (last - ended > next.withinMs) break
      if (next.without.some(({ step }) => this.#happened(step, ended, first))) break
      // Another beginning may leave more room: nothing is learnt of this place.
      if (last - began > this.#lookbackMs) return null
      const rest = this.#goOn(place + 1, at, began)
      if (rest) return [start, ...rest]
    }
    this.#dead.add(name)
    return null
  }
}

/** The place of the first hit at that time or later. */
function firstFrom(hits: readonly Hit[], at: number): number {
  let [low, high] = [0, hits.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (hits[middle]!.at < at) low = middle + 1
    else high = middle
  }
  return low
}

function tooMany({ max }: CorrelationStep, hits: readonly Hit[], from: number, lookbackMs: number): boolean {
  if (max === null) return false
  return hits.filter(({ at }) => at >= from && at <= from + lookbackMs).length > max
}

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
  const after = waiting.map((each) => ({
    step: each,
    withinMs: within(correlation, before?.id ?? '', each.id),
  }))
  return { links, after }
}

function within({ transitions, lookbackMs }: Correlation, from: string, to: string): number {
  return transitions.find((each) => each.from === from && each.to === to)?.withinMs ?? lookbackMs
}

/** Whether a transition to the step says how long it may take. */
function isTimed({ transitions }: Correlation, { id }: CorrelationStep): boolean {
  return transitions.some(({ to, withinMs }) => to === id && withinMs !== null)
}
