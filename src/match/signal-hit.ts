/** What a signal looks like to a step of a correlation rule. */

/** One signal, as a correlation sees it. */
export interface Hit {
  readonly at: number
  /** It is one of those for which the question is asked. */
  readonly isNew: boolean
  /** Texts that stand for the values under a field; none where it is absent or no value to compare. */
  values(field: string): readonly string[]
}

/** Of each step, by time. */
export type StepHits<H extends Hit> = ReadonlyMap<string, readonly H[]>
