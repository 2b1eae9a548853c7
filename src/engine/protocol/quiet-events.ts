/**
 * BOTH THREADS. Quiet events: accepted, without findings and notices, without a row id of their own, and counted at their
 * receipt. The main thread knows all that there is to know of them, so a response has only their number.
 */
import type { EvaluatedEvent } from '../../model/events/evaluation.ts'
import type { Envelope } from '../../model/events/event.ts'
import type { ItemOutcome, PackedResponse, Work } from './messages.ts'

/** @param outcomes null: the event is quiet. */
export function packOutcomes(outcomes: readonly (ItemOutcome | null)[]): PackedResponse['outcomes'] {
  const packed: (ItemOutcome | number)[] = []
  let quiet = 0
  for (const outcome of outcomes) {
    if (outcome === null) {
      quiet++
      continue
    }
    if (quiet > 0) packed.push(quiet)
    quiet = 0
    packed.push(outcome)
  }
  if (quiet > 0) packed.push(quiet)
  return packed
}

/** Returns one outcome per item of the work, in order. */
export function unpackOutcomes(packed: PackedResponse['outcomes'], { items }: Work): ItemOutcome[] {
  const outcomes: ItemOutcome[] = []
  for (const each of packed) {
    if (typeof each !== 'number') outcomes.push(each)
    else {
      const events = items.slice(outcomes.length, outcomes.length + each) as readonly Envelope[]
      for (const event of events) outcomes.push(quietOutcome(event))
    }
  }
  return outcomes
}

function quietOutcome({ receivedAt }: Envelope): EvaluatedEvent['outcome'] {
  return { status: 'evaluated', at: receivedAt, ownRowId: null, findings: [] }
}
