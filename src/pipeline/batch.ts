/** Evaluated events that are committed together. */
import { Bug } from '../errors.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { CursorClaim } from './cursor-claim.ts'

export interface Batch {
  /** Batches of one queue are committed in the order of the calls, those of different queues side by side. */
  readonly queue: string
  readonly events: readonly EvaluatedEvent[]
  /** The claim of the run to which the batch belongs; null if its source does not resume. */
  readonly claim: CursorClaim | null
  /** The cursor is committed together with the effects of the batch. If it is null, the cursor stays where it is. */
  readonly cursor: string | null
  /** Evaluates events again whose cached items another daemon has changed; absent: the events use no cache. */
  readonly evaluateAgain?: EvaluateAgain
}

type EvaluateAgain = (events: readonly Envelope[]) => Promise<readonly EvaluatedEvent[]>

/** A batch of a source that resumes. */
export type ClaimedBatch = Batch & { readonly claim: CursorClaim }

/** Evaluates events of several batches again, each with its batch. The events are in the order of the batches. */
export function evaluateAgainWith(batches: readonly Batch[]): EvaluateAgain {
  return async (outdated) => {
    const again = batches.map(async ({ events, evaluateAgain }) => {
      const own = new Set(events.map(({ envelope }) => envelope))
      const outdatedHere = outdated.filter((envelope) => own.has(envelope))
      if (outdatedHere.length === 0) return []
      if (!evaluateAgain) throw new Bug('events that use the cache cannot be evaluated again')
      return evaluateAgain(outdatedHere)
    })
    return (await Promise.all(again)).flat()
  }
}
