/** WORKER THREAD. The result of the analysis of one body. */

/** The analysis as Python writes it. */
export interface PythonAnalysis {
  /** See body-facts.ts; null if the text is not Python. */
  readonly facts: { readonly followed?: readonly string[] } | null
  /** The compiled code; null if the text cannot be compiled. */
  readonly code: string | null
  /** `BodyGuards.text`. */
  readonly guard: string | null
}

/** The analysis as it is kept. */
export interface ModuleAnalysis extends Pick<PythonAnalysis, 'facts' | 'code'> {
  readonly guard: BodyGuards | null
}

/** The guards of a detection, and what the body may change. Most guards are never compiled, so what all are asked is apart. */
export interface BodyGuards {
  /** What is known of the guards before one is evaluated, as JSON; see guard-summary.ts. */
  readonly summary: string
  /** The guards as the analysis writes them: JSON of {programs, changes, followed}. */
  readonly text: string
}
