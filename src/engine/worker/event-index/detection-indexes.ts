/** WORKER THREAD. One index per list of candidates, made when the first event of its log type comes. */
import type { JsonRecord } from '../../protocol/driver-request.ts'
import type { Body } from '../../protocol/messages.ts'
import type { Guard } from '../guard/create-guard.ts'
import type { DetectionGuards } from '../guard/detection-guards.ts'
import type { ParsedEvent } from '../parsed-event.ts'
import { detectionConditions } from './detection-conditions.ts'
import { EventIndex } from './event-index.ts'

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
      guardOf: (body) => {
        const guarded = this.#guards.of(body, null)
        return 'guard' in guarded ? guarded.guard : null
      },
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
    const found = new Map(candidates.map((number) => [number, this.#guards.of(number, logType)]))
    const index = new EventIndex(
      candidates.map((number) => {
        const { chosen } = detectionConditions(this.#bodies[number]!, found.get(number)!, logType)
        return { number, conditions: chosen }
      }),
    )
    const guards = new Map<number, Guard>()
    for (const [number, each] of found) if ('guard' in each) guards.set(number, each.guard)
    return {
      select: (record) => index.select(record),
      guardOf: (body) => guards.get(body) ?? null,
    }
  }
}
