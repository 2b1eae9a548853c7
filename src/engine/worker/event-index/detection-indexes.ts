/** WORKER THREAD. One index per list of candidates, made when the first event of its log type comes. */
import type { JsonRecord } from '../../protocol/driver-request.ts'
import type { Body } from '../../protocol/messages.ts'
import type { Guard } from '../guard/create-guard.ts'
import type { DetectionGuard, DetectionGuards } from '../guard/detection-guards.ts'
import type { ParsedEvent } from '../parsed-event.ts'
import { detectionConditions, guardConditions } from './detection-conditions.ts'
import { EventIndex, type IndexedDetection } from './event-index.ts'
import type { GivenField } from './field-recorder.ts'
import { narrowConditions, SharedComparisons } from './narrow-conditions.ts'

/** What is known of the candidates of one log type. */
export interface CandidateIndex {
  /** Returns those that the event may concern, ascending. */
  select(record: JsonRecord): readonly number[]
  guardOf(body: number): Guard | null
}

export class DetectionIndexes {
  readonly #bodies: readonly Body[]
  readonly #guards: DetectionGuards
  readonly #byCandidates = new WeakMap<readonly number[], Map<string | null, CandidateIndex>>()

  constructor(bodies: readonly Body[], guards: DetectionGuards) {
    this.#bodies = bodies
    this.#guards = guards
  }

  /** @param candidates those of the event. All events of one log type share one list. */
  of(candidates: readonly number[], event: ParsedEvent): CandidateIndex {
    // Each resource has a list of its own, so an index of it would be used once.
    if (event.isResource) return this.#withoutIndex(candidates)
    return this.#ofLogType(candidates, event.logType)
  }

  #withoutIndex(candidates: readonly number[]): CandidateIndex {
    return {
      select: () => candidates,
      guardOf: (body) => guardIn(this.#guards.of(body, null)),
    }
  }

  #ofLogType(candidates: readonly number[], logType: string | null): CandidateIndex {
    const byType = this.#byCandidates.get(candidates) ?? new Map<string | null, CandidateIndex>()
    this.#byCandidates.set(candidates, byType)
    const index = byType.get(logType) ?? this.#create(candidates, logType)
    byType.set(logType, index)
    return index
  }

  #create(candidates: readonly number[], logType: string | null): CandidateIndex {
    const index = new EventIndex(this.#indexed(candidates, logType))
    return {
      select: (record) => index.select(record),
      guardOf: remembered((body) => guardIn(this.#guards.of(body, logType))),
    }
  }

  #indexed(candidates: readonly number[], logType: string | null): IndexedDetection[] {
    const derived = candidates.map((number) =>
      detectionConditions(this.#bodies[number]!, this.#guards.of(number, logType), logType),
    )
    const shared = new SharedComparisons()
    for (const { chosen } of derived) if (chosen !== null) shared.add(chosen)
    return candidates.map((number, at) => {
      const { chosen, fromGuard } = derived[at]!
      const guarded = this.#guards.of(number, logType)
      if (chosen === null || chosen !== fromGuard || !('summary' in guarded))
        return { number, conditions: chosen }
      const deriveGiven = (given: GivenField) => guardConditions(guarded, logType, given)
      return { number, conditions: narrowConditions(chosen, shared, deriveGiven) }
    })
  }
}

function remembered(guardOf: (body: number) => Guard | null): CandidateIndex['guardOf'] {
  const known = new Map<number, Guard | null>()
  return (body) => {
    const guard = known.get(body)
    if (guard !== undefined) return guard
    const found = guardOf(body)
    known.set(body, found)
    return found
  }
}

/** The guard is compiled when it is first evaluated. */
function guardIn(guarded: DetectionGuard): Guard | null {
  return 'summary' in guarded ? guarded.guard : null
}
