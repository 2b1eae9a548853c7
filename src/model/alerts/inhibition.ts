/** Inhibitions: rules by which an open alert keeps other alerts from being sent. */
import type { AlertMatch } from './silence.ts'

export interface Inhibition {
  readonly id: string
  /** While an alert that matches this is not resolved, it hides others. */
  readonly when: AlertMatch
  /** The alerts that are hidden. */
  readonly hide: AlertMatch
  /** Paths in the alert context, or `title`, whose values must be the same in both alerts. */
  readonly equal: readonly string[]
  /** An alert hides others for at most so long. */
  readonly forMs: number
}

/** An alert that hides others. The store forgets it in the commit that resolves the alert. */
export interface Inhibitor {
  readonly alertId: string
  /** The creation of the alert, epoch ms. */
  readonly at: number
  /** The first ms at which it hides nothing any more. */
  readonly until: number
}
