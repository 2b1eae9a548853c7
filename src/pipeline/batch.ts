/** Evaluated events that are committed together. */
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { CursorClaim } from './cursor-claim.ts'

export interface Batch {
  /** Batches of one queue are committed in the order of the calls, those of different queues side by side. */
  readonly queue: string
  readonly events: readonly EvaluatedEvent[]
  /** The claim of the run to which the batch belongs; null if its source does not resume. */
  readonly claim: CursorClaim | null
  /** The cursor is committed together with the effects of the batch. If it is null, the cursor stays where it is. */
  readonly cursor: string | null
}

/** A batch of a source that resumes. */
export type ClaimedBatch = Batch & { readonly claim: CursorClaim }
