/** Possible matches, which groups and sequences yield, and searches in sorted hits. */

import type { Hit } from '../match/signal-hit.ts'
import type { CorrelationStep } from '../model/project/correlation-definition.ts'

/** A possible match among hits that share their values. It is cheap, because there may be one for every hit. */
export interface PossibleMatch<H extends Hit> {
  /** A new hit takes part. */
  readonly isNew: boolean
  /** The last hit of the match. */
  readonly last: H
  /** The time until which an absent step could still happen; null: there is no wait. */
  readonly waitsUntil: number | null
  /** The hits it stands on, those of present steps, by time. */
  readonly hits: () => readonly { readonly step: CorrelationStep; readonly hit: H }[]
}

export interface CorrelationTiming {
  /** The wait for absent steps of a group; see `absenceWaitMs`. */
  readonly waitMs: number
}

/** The index of the first hit at that time or later; the number of hits if there is none. */
export function firstFrom(hits: readonly Hit[], at: number): number {
  let [low, high] = [0, hits.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (hits[middle]!.at < at) low = middle + 1
    else high = middle
  }
  return low
}

/** The number of hits between two times, both included. */
export function countBetween(hits: readonly Hit[] = [], from: number, to: number): number {
  // Times are whole milliseconds.
  return Math.max(0, firstFrom(hits, to + 1) - firstFrom(hits, from))
}
