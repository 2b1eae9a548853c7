/** Evaluates the batches of one stream ahead of the commits, and gives the events in the order in which they were read. */
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { EnvelopeBatch } from './event-stream.ts'

/** Batches under evaluation, so that the workers are busy while others are committed. */
const MAX_BATCHES_AHEAD = 6

/** Evaluates events for each project that is replayed: one list for each project. */
export type EvaluateAll = (events: readonly Envelope[]) => Promise<readonly (readonly EvaluatedEvent[])[]>

interface EvaluatedBatch extends Pick<EnvelopeBatch, 'counts'> {
  readonly outcomes: readonly (readonly EvaluatedEvent[])[]
}

/** How far a stream was read. */
export interface StreamPosition {
  readonly count: number
  /** The time of the last event; null before the first one. */
  readonly lastAt: number | null
}

/** One event, with its outcome for each project. */
export interface TimedEvent {
  readonly outcomes: readonly EvaluatedEvent[]
  readonly at: number
  readonly isTimed: boolean
  /** The number of events of the stream up to this one. */
  readonly count: number
}

export class EvaluatedStream {
  readonly #batches: AsyncIterator<EnvelopeBatch>
  readonly #evaluate: EvaluateAll
  readonly #pending: Promise<EvaluatedBatch>[] = []
  #hasMore = true
  #batch: EvaluatedBatch | null = null
  #next = 0
  #head: TimedEvent | null = null
  #position: StreamPosition
  /** The time of the last event; null before the first one. */
  #lastAt: number | null

  constructor(batches: AsyncIterator<EnvelopeBatch>, evaluate: EvaluateAll, begin: StreamPosition) {
    this.#batches = batches
    this.#evaluate = evaluate
    this.#position = begin
    this.#lastAt = begin.lastAt
  }

  /** The next event, if it is there; `fill` gets more. */
  get head(): TimedEvent | null {
    return this.#head
  }

  /** The position behind the last event that was taken. */
  get position(): StreamPosition {
    return this.#position
  }

  /** The time at which the head is merged. Events of one stream stay in their order, also those that came late. */
  get mergeAt(): number {
    return Math.max(this.#head!.at, this.#lastAt ?? 0)
  }

  take(): TimedEvent {
    const event = this.#head!
    this.#lastAt = Math.max(this.#lastAt ?? event.at, event.at)
    this.#position = { count: event.count, lastAt: this.#lastAt }
    this.#advance()
    return event
  }

  /** Resolves with false at the end of the stream. */
  async fill(): Promise<boolean> {
    while (this.#head === null) {
      await this.#readAhead()
      const pending = this.#pending.shift()
      if (pending === undefined) return false
      this.#batch = await pending
      this.#next = 0
      this.#advance()
    }
    return true
  }

  async #readAhead(): Promise<void> {
    while (this.#hasMore && this.#pending.length < MAX_BATCHES_AHEAD) {
      const next = await this.#batches.next()
      if (next.done) {
        this.#hasMore = false
        return
      }
      const { events, counts } = next.value
      const evaluating = this.#evaluate(events).then((outcomes) => ({ outcomes, counts }))
      evaluating.catch(() => {})
      this.#pending.push(evaluating)
    }
  }

  #advance(): void {
    const index = this.#next++
    const batch = this.#batch
    if (batch === null || index >= batch.counts.length) {
      this.#batch = null
      this.#head = null
      return
    }
    const outcomes = batch.outcomes.map((each) => each[index]!)
    this.#head = { ...timed(outcomes, this.#lastAt), count: batch.counts[index]! }
  }
}

/** An event without a time of its own counts at the time of the event before it. */
function timed(
  outcomes: readonly EvaluatedEvent[],
  lastAt: number | null,
): Pick<TimedEvent, 'outcomes' | 'at' | 'isTimed'> {
  const { envelope, outcome } = outcomes[0]!
  if (outcome.status !== 'evaluated') {
    return { outcomes, at: lastAt ?? envelope.receivedAt, isTimed: true }
  }
  const { at } = outcome
  if (at !== envelope.receivedAt) return { outcomes, at, isTimed: true }
  if (lastAt === null || lastAt === at) return { outcomes, at, isTimed: false }
  return { outcomes: outcomes.map((each) => withTime(each, lastAt)), at: lastAt, isTimed: false }
}

function withTime(event: EvaluatedEvent, at: number): EvaluatedEvent {
  const { outcome } = event
  if (outcome.status !== 'evaluated') return event
  const findings = outcome.findings.map((finding) => ({ ...finding, event: { ...finding.event, at } }))
  return { ...event, outcome: { ...outcome, at, findings } }
}
