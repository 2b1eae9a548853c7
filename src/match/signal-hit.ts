/** A signal as a step of a correlation rule sees it. */

/** One signal, as a correlation sees it. */
export interface Hit {
  readonly at: number
  /** True: the pass looks for matches with this signal. */
  readonly isNew: boolean
  /** Texts that stand for the values under a field; none where it is absent or no value to compare. */
  values(field: string): readonly string[]
}

/** The hits of each step, sorted by time. */
export type StepHits<H extends Hit> = ReadonlyMap<string, readonly H[]>
