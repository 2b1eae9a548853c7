/** What correlations are asked of, and what the two forms of them answer. */
import type { CorrelationStep } from '../model/correlation.ts'

/** One signal, as a correlation sees it. */
export interface Hit {
  readonly at: number
  /** Texts that stand for the values under a field; none where it is absent or no value to compare. */
  values(field: string): readonly string[]
}

/** Of each step, by time. */
export type StepHits<H extends Hit> = ReadonlyMap<string, readonly H[]>

/** What the two forms find in hits that share their values. */
export interface Found<H extends Hit> {
  /** The hits it stands on, those of present steps, by time. */
  readonly hits: readonly { readonly step: CorrelationStep; readonly hit: H }[]
  /** Until then something absent could still come; null: nothing is waited for. */
  readonly waitsUntil: number | null
}

export interface CorrelationTiming {
  /** How long a group waits for what must be absent; see `absenceWaitMs`. */
  readonly waitMs: number
}
